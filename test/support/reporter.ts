import { Base } from '@tapjs/reporter'
import { BriefTap } from './brief-tap.ts'

// tap's own report redraws a terminal; where there is none, lines are read later, and what passed need not be.
export default process.stdout.isTTY ? Base : BriefTap
