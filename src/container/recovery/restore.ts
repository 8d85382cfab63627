import { existsSync, readdirSync } from 'node:fs'
import { type Digest, isDigest, isStrakeError } from '#oci'
import type { ContainerRecord } from '#records'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { isContainerName } from '../model/names.ts'
import { readSettings } from '../model/record.ts'
import { readJson, writeJson } from '../model/state.ts'

type Context = Pick<ContainerContext, 'root' | 'run' | 'records'>

/** Writes a copy of a container's record into its directory, from which a lost record is restored. */
export function keepRecord(context: Context, record: Omit<ContainerRecord, 'state'>): void {
  writeJson(containerPaths(context, record.id).record, record)
}

/**
 * Restores the records of containers that have a directory and no record. Returns the
 * manifests of their images.
 */
export function restoreContainerRecords(context: Context): readonly Digest[] {
  const directory = `${context.root}/containers`
  if (!existsSync(directory)) return []
  return readdirSync(directory).flatMap((id) => {
    const { containers } = context.records
    if (containers.get(id) !== undefined) return []
    const record = readRecord(containerPaths(context, id).record, id)
    if (record === undefined) return []
    const isTaken = containers.findByName(record.name) !== undefined
    const name = isTaken ? `${record.name}-${id.slice(0, 12)}` : record.name
    containers.insert({ ...record, name })
    return record.image !== null && isDigest(record.image) ? [record.image] : []
  })
}

function readRecord(path: string, id: string): ContainerRecord | undefined {
  const value: Partial<ContainerRecord> | undefined = readJson(path)
  if (value?.id !== id || typeof value.name !== 'string' || !isContainerName(value.name)) {
    return undefined
  }
  const { name, image = null, createdAt, config } = value
  if (typeof createdAt !== 'number' || typeof config !== 'object') return undefined
  try {
    readSettings({ name, config })
  } catch (error) {
    if (!isStrakeError(error, 'UNSUPPORTED')) throw error
    return undefined
  }
  return { id, name, image, createdAt, config, state: {} }
}
