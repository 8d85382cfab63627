import { expect, test } from 'bun:test'
import { usualProvenance as usual } from '#engine/attest/options'
import { type AttestationFlags, parseAttestations } from './attestations.ts'

const one = (text: string): AttestationFlags => ({ attest: [text] })

test.each([
  [{}, undefined],
  [{ provenance: '' }, undefined],
  [{ provenance: 'false' }, undefined],
  [{ provenance: '0', sbom: 'false' }, undefined],
  [{ provenance: 'true' }, usual],
  [one('type=provenance'), usual],
  [one('type=provenance,disabled=true'), undefined],
  [{ provenance: 'mode=min' }, { ...usual, mode: 'min' }],
  [{ provenance: 'mode=full,version=v0.2' }, { ...usual, version: 'v0.2' }],
  [
    one('type=provenance,builder-id=https://ci/1,filename=p.json,reproducible=true,inline-only=1'),
    {
      ...usual,
      builderId: 'https://ci/1',
      filename: 'p.json',
      isReproducible: true,
      isInlineOnly: true,
    },
  ],
  [one('type=provenance,"builder-id=a,b"'), { ...usual, builderId: 'a,b' }],
  // Of two flags for one type the first one counts.
  [
    { attest: ['type=provenance,mode=min', 'type=provenance'], provenance: 'false' },
    { ...usual, mode: 'min' },
  ],
  [{ buildArgs: new Map([['BUILDKIT_ATTEST_PROVENANCE', 'mode=min']]) }, { ...usual, mode: 'min' }],
] satisfies readonly [AttestationFlags, unknown][])(
  'parseAttestations(%p).provenance',
  (flags, expected) => {
    expect<unknown>(parseAttestations(flags).provenance).toEqual(expected)
  },
)

test.each([
  [{}, undefined],
  [{ sbom: 'false' }, undefined],
  [{ sbom: 'true' }, { parameters: {} }],
  [one('type=sbom,generator=docker/scanner:1'), { generator: 'docker/scanner:1', parameters: {} }],
  [
    { sbom: 'generator=local/x,SELECT_CATALOGERS=a' },
    { generator: 'local/x', parameters: { SELECT_CATALOGERS: 'a' } },
  ],
] satisfies readonly [AttestationFlags, unknown][])(
  'parseAttestations(%p).sbom',
  (flags, expected) => {
    expect<unknown>(parseAttestations(flags).sbom).toEqual(expected)
  },
)

test.each([
  [{ sbom: 'generator=A B' }, 'A B'],
  [{ sbom: 'depth=1' }, 'depth is for an image: name it with generator='],
  [one('mode=max'), 'it has no type'],
  [one('type=provenence'), 'did you mean provenance?'],
  [{ provenance: 'maybe' }, 'expected true, false or KEY=VALUE'],
  [{ provenance: '--sbom' }, 'expected true, false or KEY=VALUE'],
  [{ sbom: 'generator=x,y' }, 'y needs key=value'],
  [{ provenance: 'mode=mx' }, 'did you mean max?'],
  [{ provenance: 'version=v2' }, 'there is no version v2, only v1, v0.2'],
  [{ provenance: 'buildr-id=x' }, 'did you mean builder-id?'],
  [{ provenance: 'filename=../x' }, '../x is no name of a file'],
  [{ provenance: 'reproducible=perhaps' }, 'reproducible is true or false'],
  [{ provenance: 'capture-usage=true' }, 'the resource use of steps is not recorded'],
  [one('type=provenance,"mode=max'), 'a quote is not closed'],
] satisfies readonly [AttestationFlags, string][])(
  'parseAttestations(%p) refuses it',
  (flags, reason) => {
    expect(() => parseAttestations(flags)).toThrow(reason)
  },
)

test('parseAttestations() takes syft alone for the installed program', () => {
  const parameters = {}
  expect(parseAttestations({ sbom: 'generator=syft' }).sbom).toEqual({
    generator: undefined,
    program: 'syft',
    parameters,
  })
  const image = 'docker.io/library/syft'
  expect(parseAttestations({ sbom: `generator=${image}` }).sbom).toEqual({
    generator: image,
    parameters,
  })
  expect(() => parseAttestations({ sbom: 'generator=syft,LEVEL=1' })).toThrow(
    'LEVEL is for an image',
  )
})
