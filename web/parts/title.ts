import { useEffect } from 'preact/hooks'

/** Names the tab of the browser; `undefined`: somebody else does. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · Sheetsync`
  }, [title])
}
