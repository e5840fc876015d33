import { randomBytes } from 'node:crypto'

/** Makes ids of requests that no two processes share, and that cost a poll next to nothing. */
export function requestIds(): () => string {
  const process = randomBytes(6).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `req-${process}-${count.toString(36)}`
  }
}
