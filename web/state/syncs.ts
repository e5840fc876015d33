import { computed, effect, signal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import type { Sync, SyncPage } from '../../client/src/types.ts'
import { access, noteRefusal } from './access.ts'
import { filterParameters, matches, NO_FILTERS } from './filters.ts'
import { type FeedState, followList, getPage, type ListSink } from './list-feed.ts'
import { type ListedSync, toListed } from './listed-sync.ts'
import { place } from './place.ts'
import { sampleProgress } from './samples.ts'
import { client, toError } from './session.ts'
import { MOST_ROWS, SyncRows } from './sync-rows.ts'

export const rows = signal(new SyncRows())
/** Whether the rows are those of the filters; until then they are loading. */
export const isListed = signal(false)
export const feed = signal<FeedState>('connecting')
/** Why the service cannot list them. */
export const listError = signal<SheetsyncError | undefined>(undefined)

/** The sync that something was told of last, whole. */
export const latestOf = signal<Sync | undefined>(undefined)

/** The filters of the address; those of the list where another view is shown. */
export const filters = computed(() => (place.value.view === 'syncs' ? place.value.filters : NO_FILTERS))
const filtersKey = computed(() => JSON.stringify(filterParameters(filters.value)))

/** Syncs of a further page: more would hold the browser up while they are read. */
const PAGE_SIZE = 200

/** Milliseconds in which changes are collected before they are shown. */
const BATCH_MS = 100
/** Milliseconds after which a page that nobody sees gives its connection back: a browser has six of a host. */
const HIDDEN_MS = 10_000

const changes = new Map<string, ListedSync | undefined>()
let isBatched = false

const sink: ListSink = {
  listed(page) {
    const known = isListed.peek() ? rows.peek() : new SyncRows()
    rows.value = known.covered(page.syncs.map(toListed), page.nextPageToken)
    for (const sync of page.syncs) sampleProgress(sync)
    isListed.value = true
    listError.value = undefined
    if (page.syncs.length < FEWEST_ROWS) void loadMore()
    if (feed.peek() !== 'polling') void listAgain(page)
  },
  put: (sync) => {
    sampleProgress(sync)
    latestOf.value = sync
    note(sync.id, matches(filters.peek(), sync) ? toListed(sync) : undefined)
  },
  drop: (id) => note(id, undefined),
  feed(state) {
    feed.value = state
  },
}

function note(id: string, sync: ListedSync | undefined): void {
  const noted = changes.get(id)
  if (sync !== undefined && noted !== undefined && noted.revision > sync.revision) return
  changes.set(id, sync)
  if (isBatched) return
  isBatched = true
  setTimeout(() => {
    isBatched = false
    rows.value = rows.peek().changed(changes)
    changes.clear()
  }, BATCH_MS)
}

/** Shows at once what an action has answered. */
export const noteSync = (sync: Sync) => sink.put(sync)
export const noteDeleted = (id: string) => sink.drop(id)

/** Has the list follow the filters of the address, for as long as the page is open. */
export function startList(): void {
  const isSeen = signal(true)
  let hiding: ReturnType<typeof setTimeout> | undefined
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding)
    if (document.hidden) hiding = setTimeout(() => (isSeen.value = false), HIDDEN_MS)
    else isSeen.value = true
  })
  const isShown = computed(() => place.value.view === 'syncs' && access.value.state === 'open' && isSeen.value)
  let shown: readonly unknown[] = []
  effect(() => {
    // Another key sees other syncs.
    const asked = [filtersKey.value, client.value]
    if (!isShown.value) return
    if (asked.some((one, index) => one !== shown[index])) {
      isListed.value = false
      listError.value = undefined
    }
    shown = asked
    const controller = new AbortController()
    followList(filters.peek(), sink, controller.signal).catch((thrown) => {
      if (!noteRefusal(thrown)) listError.value = toError(thrown)
    })
    return () => controller.abort()
  })
}

let isLoading = false
/** New rows that a read is to bring: with some filters a page may have few, or none, though more follow. */
const FEWEST_ROWS = 40

/** Reads further pages, once they are needed. */
export async function loadMore(): Promise<void> {
  if (isLoading) return
  isLoading = true
  const key = filtersKey.peek()
  const wanted = Math.min(MOST_ROWS, rows.peek().all.length + FEWEST_ROWS)
  try {
    for (;;) {
      const { nextPageToken, all } = rows.peek()
      if (nextPageToken === null || all.length >= wanted) return
      const page = await getPage(filters.peek(), { pageSize: PAGE_SIZE, pageToken: nextPageToken })
      // The list may be another one by now, or have been listed again.
      if (key !== filtersKey.peek() || rows.peek().nextPageToken !== nextPageToken) return
      rows.value = rows.peek().covered(page.syncs.map(toListed), page.nextPageToken, all.at(-1)?.id)
    }
  } catch (thrown) {
    if (!noteRefusal(thrown)) listError.value = toError(thrown)
  } finally {
    isLoading = false
  }
}

/** Lists what was known of older pages too, as something may have become of it while there was no stream. */
async function listAgain(first: SyncPage): Promise<void> {
  const key = filtersKey.peek()
  let page = first
  for (;;) {
    const above = page.syncs.at(-1)?.id
    const pageToken = page.nextPageToken
    if (above === undefined || pageToken === null || above <= (rows.peek().all.at(-1)?.id ?? '')) return
    try {
      page = await getPage(filters.peek(), { pageSize: PAGE_SIZE, pageToken })
    } catch {
      // The stream fails as well, and whoever opens it anew lists again.
      return
    }
    if (key !== filtersKey.peek()) return
    rows.value = rows.peek().covered(page.syncs.map(toListed), page.nextPageToken, above)
  }
}
