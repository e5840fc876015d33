import { parentEnded } from './parent-process.ts'
import { systemClock } from './system-clock.ts'

/**
 * `kill` and supervisors, Ctrl-C, Ctrl-Break on Windows, a closed terminal or console. After the last of these Windows ends
 * the process in some seconds, whatever it does (HandlerRoutine callback function, "Timeouts").
 */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGBREAK', 'SIGHUP'] as const

/**
 * Calls back once, with what asks this process to stop: a signal; a parent that closes the channel it was forked with, or
 * ends; the end of the npm that runs it. From then on nothing is listened for, so that a second signal ends the process at
 * once, as it would any other. The function that is returned stops listening too.
 *
 * @param script The command line of the npm script that started this process (`npm_lifecycle_script`), if one did.
 */
export function onStopRequest(script: string | undefined, stop: (reason: string) => void): () => void {
  const listening = new AbortController()
  function stopListening(): void {
    listening.abort()
    for (const signal of SIGNALS) process.removeListener(signal, request)
    process.removeListener('disconnect', requestOnDisconnect)
  }
  function request(reason: string): void {
    stopListening()
    stop(reason)
  }
  const requestOnDisconnect = () => request('the parent process has ended, or closed its channel')
  for (const signal of SIGNALS) process.on(signal, request)
  process.on('disconnect', requestOnDisconnect)
  if (script !== undefined) {
    void parentEnded({ clock: systemClock, signal: listening.signal, script }).then((hasEnded) => {
      if (hasEnded) request('npm has ended')
    })
  }
  return stopListening
}
