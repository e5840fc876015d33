// Loaded before tap in each test file (`.taprc`), and spares it what nobody here reads: a good part of the processor time of a test.
import asyncHooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import processOnSpawn from 'process-on-spawn'

// tap records in every process which modules it loads, for `--changed` and for coverage; this matches every module.
process.env._TAPJS_PROCESSINFO_EXCLUDE_ = '/^/'
// It does so in what a test starts, and in what that starts; the service is not started so elsewhere.
delete process.env.NODE_OPTIONS
processOnSpawn.addListener = () => {}

// Source maps are of no use for types that are stripped.
process.setSourceMapsEnabled(false)
process.setSourceMapsEnabled = () => {}

// By a hook at every promise tap finds the subtest of a stray error; without it, that fails the file.
asyncHooks.createHook = () => ({ enable() {}, disable() {} })
syncBuiltinESMExports()
