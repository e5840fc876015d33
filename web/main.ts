import { render } from 'preact'
import { html } from './parts/html.ts'
import { askAccess } from './state/access.ts'
import { startClock } from './state/clock.ts'
import { followLinks } from './state/place.ts'
import { startList } from './state/syncs.ts'
import { PageView } from './views/page.ts'

startClock()
followLinks()
startList()
void askAccess()
const root = document.getElementById('page')
if (root !== null) {
  root.replaceChildren()
  render(html`<${PageView} />`, root)
}
