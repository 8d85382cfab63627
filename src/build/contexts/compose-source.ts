import { ComposeError, type ComposeOptions, compose } from '#dockerfile/compose/compose'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'

/**
 * Makes an ordinary Dockerfile of one with extensions. Throws `DockerfileError` with the lines of
 * the file that has the mistake.
 */
export async function composeSource(
  source: DockerfileSource,
  options: Omit<ComposeOptions, 'name'>,
): Promise<DockerfileSource> {
  try {
    const { text, origins } = await compose(source.text, { ...options, name: source.name })
    return { name: source.name, text, origins }
  } catch (cause) {
    if (!(cause instanceof ComposeError)) throw cause
    const { file, message, rule, range } = cause
    const sentence = `Cannot build ${file.name}: ${message}`
    throw new DockerfileError(sentence, file, [failure(rule, message, range)], { cause })
  }
}
