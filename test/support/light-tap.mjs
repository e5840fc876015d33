// Loaded before tap in each test file (`.taprc`). tap records in every process which modules it loads, for `--changed` and for
// coverage, and parses the source map of each: a third of a second of CPU each time that neither this project nor types that are
// stripped have a use for.

/** Matches every module: tap records none. */
process.env._TAPJS_PROCESSINFO_EXCLUDE_ = '/^/'
// Processes that a test starts are not recorded either.
delete process.env.NODE_OPTIONS

process.setSourceMapsEnabled(false)
process.setSourceMapsEnabled = () => {}
