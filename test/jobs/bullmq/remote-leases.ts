import type { Lease } from '../../../src/jobs/lease-store.ts'
import { FileLeases } from '../../support/key-value-stores.ts'

/** Leases that tell of the dead no more than another machine would know: only that they do not beat. */
export class RemoteLeases extends FileLeases {
  override async read(syncId: string, epoch: number): Promise<Lease | undefined> {
    const sign = await super.read(syncId, epoch)
    return sign && { ...sign, ownerIsGone: false }
  }
}
