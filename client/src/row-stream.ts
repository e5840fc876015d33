import { networkError } from './error.ts'

/** The rows of an answer of NDJSON, one by one, without ever holding them all. */
export async function* rowsOf(response: Response): AsyncGenerator<unknown> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {}
      const lines = (rest + decoder.decode(value, { stream: !done })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') yield JSON.parse(line)
      if (done) return
    }
  } catch (error) {
    throw error instanceof SyntaxError ? error : networkError(error)
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}
