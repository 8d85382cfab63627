// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's substitutions
import { expect, test } from 'bun:test'
import { parseIgnore } from '../ignore/ignore.ts'
import { checkFile } from './check-file.ts'

const isReference = (name: string): boolean => /^[a-z][a-z0-9:/.]*[a-z0-9]$/.test(name)

/** `line rule message` of every diagnostic. */
function found(text: string, ignore?: string): string[] {
  const options = { isReference, ignore: ignore === undefined ? undefined : parseIgnore(ignore) }
  return checkFile(text, options).map(
    ({ rule, message, range }) => `${range.start.line} ${rule} ${message}`,
  )
}

test('checkFile() finds undefined variables above scratch and above stages without an image', () => {
  const text = [
    'ARG GLOBAL=1',
    'FROM scratch AS a',
    'ARG SET',
    "ENV X=$SET Y=$GLOBAL Z=${Q:-d} W='$LITERAL' V=\\$E",
    'FROM a',
    'COPY $X $MISSING /',
    'RUN echo $SHELL_VARIABLE',
    'WORKDIR /$PATH',
  ].join('\n')
  expect(found(text)).toEqual([
    "4 UndefinedVar Usage of undefined variable '$GLOBAL'",
    "6 UndefinedVar Usage of undefined variable '$MISSING'",
  ])
})

test('checkFile() reports a variable above an image only if its name is like a known one', () => {
  const text = 'FROM alpine\nENV VERSION=1\nLABEL a=$VERSOIN b=$JAVA_HOME\n'
  expect(found(text)).toEqual([
    "3 UndefinedVar Usage of undefined variable '$VERSOIN' (did you mean $VERSION?)",
  ])
})

test('checkFile() reports defaults that give no image name', () => {
  const text = 'ARG A\nARG B=alpine\nARG C=$A-\nFROM $A\nFROM $B\nFROM x$C\nFROM ${BUILDARCH}/x\n'
  expect(found(text)).toEqual([
    '4 InvalidDefaultArgInFrom Default value for ARG $A results in empty or invalid base image name',
    '6 InvalidDefaultArgInFrom Default value for ARG x$C results in empty or invalid base image name',
  ])
})

test('checkFile() reports sources that the ignore file excludes', () => {
  const text =
    'FROM scratch AS a\nCOPY secret a /\nADD https://x/secret secret /\nCOPY --from=a secret /\n'
  expect(found(text, 'secret\n')).toEqual([
    '2 CopyIgnoredFile Attempting to Copy file "secret" that is excluded by .dockerignore',
    '3 CopyIgnoredFile Attempting to Add file "secret" that is excluded by .dockerignore',
  ])
})

test('checkFile() respects check options, and reports only parse diagnostics beside an error', () => {
  expect(found('# check=skip=UndefinedVar\nFROM scratch\nLABEL a=$B\n')).toEqual([])
  expect(found('FROM scratch\nLABEL a=$B\nRNU\n')).toEqual([
    '3 unknown-instruction unknown instruction: RNU (did you mean RUN?)',
  ])
})
