import { parseReference, type Reference, StrakeError } from '#oci'

/** Reads the name of a repository, for all its tags. Throws `INVALID` for one with a tag or digest. */
export function parseRepository(text: string): Pick<Reference, 'registry' | 'repository'> {
  if (/[:@]/.test(text.slice(text.lastIndexOf('/') + 1))) {
    const message = `Cannot use ${text} for all tags: it has a tag or digest itself`
    throw new StrakeError('INVALID', message, { remedy: 'name the repository alone' })
  }
  return parseReference(text)
}
