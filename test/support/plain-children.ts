// tap has every child of a test, and each of theirs, load what it finds covered modules with: a quarter of a second of processor
// time for each start, which nobody reads here, and not how the service is started elsewhere.
if (process.env.TAP !== undefined) {
  const { default: processOnSpawn } = await import('process-on-spawn')
  processOnSpawn.removeAllListeners()
  const others = process.env.NODE_OPTIONS?.replace(/"?--import=[^"\s]*@tapjs\/processinfo[^"\s]*"?/, '').trim()
  if (others) process.env.NODE_OPTIONS = others
  else delete process.env.NODE_OPTIONS
}
