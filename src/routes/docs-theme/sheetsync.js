// Runs in the browser, as it stands: a plugin of Swagger UI (swagger.io/docs/open-source-tools/swagger-ui/customization).
const KEPT_AS = 'sheetsync.last'
const REMEMBER = 'sheetsync_remember'

/** What the forms of a sync are filled with: the id, and a file, of the sync that was answered last. */
const lastOf = ({ id, files, tabs = [] }) => {
  const [file] = files ?? tabs.flatMap((tab) => tab.files)
  return { ...(id && { id }), ...(file && { name: file.name }) }
}

/** Values that were filled in; what the user has typed is not among them and stays. */
const filledIn = new Set()

const sheetsync = ({ React }) => {
  const element = React.createElement

  const Topbar = ({ getComponent, specSelectors, sheetsyncSelectors }) => {
    const { id } = sheetsyncSelectors.last()
    const version = specSelectors.version()
    return element(
      'header',
      { className: 'topbar' },
      element('a', { className: 'brand', href: '#' }, 'Sheetsync', version && element('small', null, version)),
      id && element('span', { className: 'last-sync' }, 'last sync ', element('code', { id: 'last-sync' }, id)),
      element('a', { href: '/openapi.json' }, 'openapi.json'),
      element(getComponent('DarkModeToggle', true)),
    )
  }

  /** Fills a field again each time that another sync is the last one. */
  const parameterRow =
    (Original, { sheetsyncSelectors }) =>
    (props) => {
      const { param, rawParam, pathMethod, onChange } = props
      const value = param.get('value') ?? ''
      const last = pathMethod[0].startsWith('/syncs/') ? sheetsyncSelectors.last()[rawParam.get('name')] : undefined
      // Not with each value: what is typed afterwards is the user's.
      React.useEffect(() => {
        if (last === undefined || (value !== '' && !filledIn.has(value))) return
        filledIn.add(last)
        onChange(rawParam, last)
      }, [last])
      return element(Original, props)
    }

  /** Shows an example where a field is empty, and sends nothing of it. */
  const JsonSchema_string = (Original) => (props) => {
    const example = props.schema?.get?.('examples')?.first?.()
    return element(Original, example === undefined ? props : { ...props, description: `such as ${example}` })
  }

  return {
    components: { Topbar },
    wrapComponents: { parameterRow, JsonSchema_string },
    statePlugins: {
      sheetsync: {
        actions: { remember: (last) => ({ type: REMEMBER, payload: last }) },
        reducers: { [REMEMBER]: (state, { payload }) => state.set('last', payload) },
        selectors: { last: (state) => state.get('last') ?? JSON.parse(sessionStorage.getItem(KEPT_AS) ?? '{}') },
      },
      spec: {
        wrapActions: {
          setResponse: (setResponse, system) => (path, method, response) => {
            if (response.ok && path.startsWith('/syncs') && response.body) {
              const last = { ...system.sheetsyncSelectors.last(), ...lastOf(response.body) }
              sessionStorage.setItem(KEPT_AS, JSON.stringify(last))
              system.sheetsyncActions.remember(last)
            }
            return setResponse(path, method, response)
          },
        },
      },
    },
  }
}

// The initializer of @fastify/swagger-ui, which runs when the page is loaded, takes no plugin that is more than one function.
const original = window.SwaggerUIBundle
window.SwaggerUIBundle = Object.assign(
  (config) => original({ ...config, plugins: [...config.plugins, sheetsync] }),
  original,
)
