import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The environment of a process with a short life: most of it would go into compiling the same sources. */
export const COMPILED: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_COMPILE_CACHE: join(tmpdir(), 'sheetsync-kill-compiled'),
}

/** That of one whose calls to the system are counted: a compile cache makes calls of its own. */
export const UNCOMPILED: NodeJS.ProcessEnv = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' }
