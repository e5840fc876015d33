import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onStopRequest } from '../src/stop-request.ts'

// `npm run dev`: the service, started again at every edit of src/ or .env. Node's own --watch ends it by a signal, which on
// Windows kills it; here it is asked through its channel, so that running syncs save their checkpoint everywhere.

/** Milliseconds without a further edit after which the service is started again: an editor saves in several steps. */
const QUIET_MS = 150

const root = fileURLToPath(new URL('..', import.meta.url))
const stopping = new AbortController()
const stopped = once(stopping.signal, 'abort')
onStopRequest(process.env.npm_lifecycle_script, () => stopping.abort())

while (!stopping.signal.aborted) {
  const edit = watchForEdit()
  const service = fork(join(root, 'src/server.ts'), { cwd: root, execArgv: ['--env-file-if-exists=.env'] })
  const exited = once(service, 'exit')
  // One that has ended by itself, such as over a mistake in the edit, is started again at the next edit.
  await Promise.race([edit.made, stopped])
  edit.stopWatching()
  if (service.connected) service.disconnect()
  await exited
}

/** Watches folders, not files: on Linux a watched file is lost when an editor renames another one over it. */
function watchForEdit(): { made: Promise<void>; stopWatching(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let quiet: NodeJS.Timeout | undefined
  const onEdit = () => {
    clearTimeout(quiet)
    quiet = setTimeout(resolve, QUIET_MS)
  }
  const source = join(root, 'src')
  const entries = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
  const watchers = [
    watch(root, (_, name) => name === '.env' && onEdit()),
    ...[source, ...entries.map(({ parentPath, name }) => join(parentPath, name))].map((path) => watch(path, onEdit)),
  ]
  return {
    made: promise,
    stopWatching() {
      clearTimeout(quiet)
      for (const watcher of watchers) watcher.close()
    },
  }
}
