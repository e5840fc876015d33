import { v7 as uuidv7 } from 'uuid'

/** Makes ids of requests that no two processes share, and that cost a poll next to nothing. */
export function requestIds(): () => string {
  const process = uuidv7().slice(-12)
  let count = 0
  return () => {
    count += 1
    return `req-${process}-${count.toString(36)}`
  }
}
