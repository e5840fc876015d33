import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { signalGroup } from './process-group.ts'
import { aDirectory } from './service.ts'

/** The Chromium of this machine; `undefined` where there is none. */
export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)

/** One page of a headless browser, spoken to by its DevTools protocol. Ends with the test. `more`: further flags. */
export async function aPage(t: Test, url: string, more: readonly string[] = []) {
  const profile = await aDirectory(t)
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
  ]
  const child = spawn(chromium ?? 'chromium', [...flags, ...more, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    // Its helpers are of its group.
    signalGroup(child, 'SIGKILL')
    await exited
  })
  const endpoint = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    exited.then(() => reject(new Error('the browser ended')), reject)
  })
  const socket = new WebSocket(endpoint)
  await once(socket, 'open')
  const answers = new Map<number, (result: Result) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: Result }
    if (id !== undefined) answers.get(id)?.(result ?? {})
  })
  const call = (method: string, params: object, sessionId?: string): Promise<Result> => {
    const id = answers.size + 1
    const answer = new Promise<Result>((resolve) => answers.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
    return answer
  }
  t.teardown(() => socket.close())
  const { targetId } = await call('Target.createTarget', { url })
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true })
  return {
    /** The value of an expression in the page as it is now; `undefined` while it is being replaced. */
    async evaluate(expression: string): Promise<unknown> {
      return (await call('Runtime.evaluate', { expression, returnByValue: true }, sessionId)).result?.value
    },
  }
}

interface Result {
  readonly targetId?: string
  readonly sessionId?: string
  readonly result?: { readonly value?: unknown }
}
