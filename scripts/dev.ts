import { fork } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onStopRequest } from '../src/stop-request.ts'

// `npm run dev`: the service, started again at every edit of src/ or .env. Node's own --watch ends it by a signal, which on
// Windows kills it; here it is asked through its channel, so that running syncs save their checkpoint everywhere.

/** Milliseconds without a further edit after which the service is started again: an editor saves in several steps. */
const QUIET_MS = 150

const root = fileURLToPath(new URL('..', import.meta.url))
const stopping = new AbortController()
const { signal } = stopping
onStopRequest(process.env.npm_lifecycle_script, () => stopping.abort())

let edited = Promise.withResolvers<void>()
let quiet: NodeJS.Timeout | undefined
function onEdit(): void {
  clearTimeout(quiet)
  quiet = setTimeout(() => edited.resolve(), QUIET_MS)
}
watch(`${root}src`, { recursive: true, signal }, onEdit)
watch(root, { signal }, (_, name) => name === '.env' && onEdit())

while (!signal.aborted) {
  edited = Promise.withResolvers()
  const service = fork(`${root}src/server.ts`, { cwd: root, execArgv: ['--env-file-if-exists=.env'] })
  const exited = once(service, 'exit')
  const stopped = once(signal, 'abort')
  // One that has ended by itself, such as over a mistake in the edit, is started again at the next edit.
  await Promise.race([edited.promise, stopped])
  if (service.connected) service.disconnect()
  await exited
}
clearTimeout(quiet)
