import { createClient } from '@sheetsync/client'

const client = createClient({ baseUrl: '/api' })
const element = (id) => document.getElementById(id)

/** Follows a sync. Its id is in the address, so that a reload goes on where the page was. */
async function follow(id) {
  element('sync').disabled = true
  try {
    const sync = await client.waitForSync(id, { onProgress: show })
    if (sync.state !== 'succeeded') return
    const tab = sync.tabs.find(({ state }) => state === 'done')
    const rows = await client.readTab(sync.spreadsheet.id, `gid:${tab.gid}`)
    element('rows').textContent = rows
      .slice(0, 5)
      .map((row) => JSON.stringify(row))
      .join('\n')
  } catch (error) {
    element('status').textContent = [error.message, error.hint].filter(Boolean).join(' ')
  } finally {
    element('sync').disabled = false
  }
}

function show(sync) {
  const { phase, percent, rowsDone, waitingUntil } = sync.progress
  element('progress').value = percent
  const wait = waitingUntil ? `, waiting for Google until ${new Date(waitingUntil).toLocaleTimeString()}` : ''
  const why = sync.error ? `: ${sync.error.detail} ${sync.error.hint ?? ''}` : ''
  element('status').textContent = `${sync.state}, ${phase}, ${Math.round(percent)} %, ${rowsDone} rows${wait}${why}`
}

element('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  try {
    const { id } = await client.startSync({ spreadsheet: element('spreadsheet').value })
    history.replaceState(null, '', `?sync=${id}`)
    await follow(id)
  } catch (error) {
    element('status').textContent = [error.message, error.hint].filter(Boolean).join(' ')
  }
})

// What a dev server does to a page: when its process was replaced, the page reloads.
let boot
new EventSource('/__reload').addEventListener('message', ({ data }) => {
  if (boot !== undefined && boot !== data) location.reload()
  boot = data
})

const followed = new URLSearchParams(location.search).get('sync')
if (followed !== null) await follow(followed)
