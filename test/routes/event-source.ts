/**
 * `node --experimental-eventsource event-source.ts URL`: an EventSource as a browser has it, which nobody ever closes.
 * Prints the revision of each sync that it is told of and, once it has given up by itself, `closed`.
 */
const source = new EventSource(process.argv[2] ?? '')
// The pause before it comes back does not keep a process alive.
const alive = setInterval(() => {}, 1000)
source.addEventListener('sync', (event) => {
  const { data, lastEventId } = event as Event & { readonly data: string; readonly lastEventId: string }
  const { state } = JSON.parse(data) as { state: string }
  process.stdout.write(`${lastEventId} ${state}\n`)
})
source.addEventListener('error', () => {
  const closed = source.readyState === EventSource.CLOSED
  process.stdout.write(closed ? 'closed\n' : 'again\n')
  if (closed) clearInterval(alive)
})
