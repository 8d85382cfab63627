import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BridgeOptions, ensureBridge } from './bridge.ts'
import { openAttachmentRecords } from './state.ts'

/** Restores a bridge and its rules, if containers are on it and another program has removed a part. */
export async function restoreUsedBridge(options: BridgeOptions): Promise<void> {
  const attachments = join(options.directory, 'attachments')
  if (!existsSync(attachments)) return
  const records = openAttachmentRecords(attachments)
  if (records.list().length > 0) await ensureBridge(options, records)
}
