import type { Diagnostic, Dockerfile, FromInstruction, Stage } from '../ast.ts'
import { expand } from '../expand/expand.ts'
import { SubstitutionError } from '../expand/substitution-error.ts'
import { withSuggestion } from '../suggest.ts'
import { warning } from './rules.ts'

/** The checks of the names of stages. */
export function checkStageNames(stages: readonly Stage[]): Diagnostic[] {
  const found: Diagnostic[] = []
  const seen = new Set<string>()
  for (const { from, name } of stages) {
    if (name === undefined) {
      continue
    }
    const words = from.text.split(/\s+/)
    const [keyword = '', as = '', written = ''] = [words[0], words.at(-2), words.at(-1)]
    if (written !== name) {
      const message = `Stage name '${written}' should be lowercase`
      found.push(warning('StageNameCasing', message, from.range))
    }
    if ((keyword === 'FROM' && as !== 'AS') || (keyword === 'from' && as !== 'as')) {
      const message = `'${as}' and '${keyword}' keywords' casing do not match`
      found.push(warning('FromAsCasing', message, from.range))
    }
    if (seen.has(name)) {
      const message = `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`
      found.push(warning('DuplicateStageName', message, from.range))
    }
    if (name === 'scratch' || name === 'context') {
      const message = `Stage name should not use the same name as reserved stage ${JSON.stringify(name)}`
      found.push(warning('ReservedStageName', message, from.range))
    }
    seen.add(name)
  }
  return found
}

export function checkPlatforms(stages: readonly Stage[]): Diagnostic[] {
  return stages.flatMap(({ from, name }) => {
    const { platform } = from
    if (platform === undefined) {
      return []
    }
    if (isTargetPlatform(platform)) {
      const message = `Setting platform to predefined ${platform} in FROM is redundant as this is the default behavior`
      return [warning('RedundantTargetPlatform', message, from.range)]
    }
    const inName = namesOfPlatform(platform).some((part) => name?.includes(part))
    if (platform.includes('$') || inName) {
      return []
    }
    const message = `FROM --platform flag should not use constant value ${JSON.stringify(platform)}`
    return [warning('FromPlatformFlagConstDisallowed', message, from.range)]
  })
}

/** True for a word that is the value of TARGETPLATFORM and uses no other variable. */
function isTargetPlatform(word: string): boolean {
  const used = new Set<string>()
  const value = 'target/platform'
  try {
    const found = expand(word, (name) => {
      used.add(name)
      return name === 'TARGETPLATFORM' ? value : undefined
    })
    return found === value && used.size === 1
  } catch (error) {
    if (error instanceof SubstitutionError) return false
    throw error
  }
}

const architectures: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  armel: 'arm',
  armhf: 'arm',
  i386: '386',
  'x86-64': 'amd64',
  x86_64: 'amd64',
}

/** The operating system and the architecture, in the spelling of the image specification. */
function namesOfPlatform(platform: string): string[] {
  const parts = platform.toLowerCase().split('/').slice(0, 2)
  return parts.filter((part) => part !== '').map((part) => architectures[part] ?? part)
}

/** Arguments that FROM may use without an ARG. */
const predefined = ['TARGET', 'BUILD']
  .flatMap((side) => ['PLATFORM', 'OS', 'OSVERSION', 'ARCH', 'VARIANT'].map((what) => side + what))
  .concat('TARGETSTAGE')

/** FROM may use only global arguments. */
export function checkFromArguments(file: Pick<Dockerfile, 'args' | 'stages'>): Diagnostic[] {
  const declared = file.args.flatMap((node) => node.args.map(({ key }) => key))
  const known = [...declared, ...predefined]
  const names = new Set(known)
  return file.stages.flatMap(({ from }) =>
    [...usedNames(from)]
      .filter((name) => !names.has(name))
      .map((name) => {
        const message = withSuggestion(`FROM argument '${name}' is not declared`, name, known)
        return warning('UndefinedArgInFrom', message, from.range)
      }),
  )
}

function usedNames({ image, platform = '' }: FromInstruction): Set<string> {
  const used = new Set<string>()
  for (const word of [image, platform]) {
    try {
      expand(word, (name) => {
        used.add(name)
        return name
      })
    } catch (error) {
      if (!(error instanceof SubstitutionError)) {
        throw error
      }
    }
  }
  return used
}
