import type { ContainerSettings } from '../model/settings.ts'

/** What a tag can name. */
export interface TaggedContainer {
  readonly id: string
  readonly name: string
  readonly settings: Pick<ContainerSettings, 'image'>
}

/** Fills the places of a tag: `{{.Name}}/{{.ID}}`. */
export function fillTag(template: string, { id, name, settings }: TaggedContainer): string {
  const { image } = settings
  const values: Readonly<Record<string, string>> = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageID: image.id.replace(/^sha256:/, '').slice(0, 12),
    ImageFullID: image.id,
    ImageName: image.reference,
    DaemonName: 'docker',
  }
  return template.replace(tagPlace, (place, key: string) => values[key] ?? place)
}

const tagPlace = /\{\{\s*\.(\w+)\s*\}\}/g
