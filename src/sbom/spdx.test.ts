import { expect, test } from 'bun:test'
import { licenseExpression } from './licenses.ts'
import { scanFiles } from './scan.ts'
import { spdxDocument } from './spdx.ts'
import { memoryFiles } from './testing/memory-files.ts'

const options = { name: 'sbom', created: 1_700_000_000, version: '1.2.3' }
const files = {
  'etc/os-release': 'ID=alpine\nVERSION_ID=3.20.1\n',
  'lib/apk/db/installed':
    'P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\nm:Timo <timo@example.org>\n\nP:odd\nV:1\nL:my own terms\n',
  'node_modules/broken/package.json': '{',
}

test('spdxDocument() describes packages in version 2.3', async () => {
  const document = spdxDocument(await scanFiles(memoryFiles(files)), options)
  expect(document).toEqual({
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: 'sbom',
    documentNamespace: expect.stringMatching(
      /^https:\/\/spdx\.org\/spdxdocs\/strake-[0-9a-f]{64}$/,
    ),
    creationInfo: { created: '2023-11-14T22:13:20Z', creators: ['Tool: strake-1.2.3'] },
    packages: [
      {
        name: 'sbom',
        SPDXID: 'SPDXRef-DocumentRoot',
        downloadLocation: 'NOASSERTION',
        filesAnalyzed: false,
        summary: 'a file system of alpine 3.20.1',
        comment: '/node_modules/broken/package.json was left out: it is not JSON',
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: 'NOASSERTION',
        copyrightText: 'NOASSERTION',
      },
      {
        name: 'musl',
        SPDXID: expect.stringMatching(/^SPDXRef-Package-apk-musl-[0-9a-f]{16}$/),
        versionInfo: '1.2.5-r0',
        supplier: 'Person: Timo (timo@example.org)',
        downloadLocation: 'NOASSERTION',
        filesAnalyzed: false,
        sourceInfo: 'from the database of apk: /lib/apk/db/installed',
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: 'MIT',
        copyrightText: 'NOASSERTION',
        externalRefs: [
          {
            referenceCategory: 'PACKAGE-MANAGER',
            referenceType: 'purl',
            referenceLocator: 'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1',
          },
        ],
      },
      expect.objectContaining({
        name: 'odd',
        supplier: 'NOASSERTION',
        licenseDeclared: 'NOASSERTION',
        licenseComments: 'declared: my own terms',
      }),
    ],
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBES',
        relatedSpdxElement: 'SPDXRef-DocumentRoot',
      },
      expect.objectContaining({ relationshipType: 'CONTAINS' }),
      expect.objectContaining({ relationshipType: 'CONTAINS' }),
    ],
  })
})

test('spdxDocument() gives equal documents for equal files', async () => {
  const once = async () =>
    JSON.stringify(spdxDocument(await scanFiles(memoryFiles(files)), options))
  expect(await once()).toBe(await once())
})

test.each([
  ['MIT', 'MIT'],
  ['GPL-2.0-only AND (MIT OR Apache-2.0)', 'GPL-2.0-only AND (MIT OR Apache-2.0)'],
  ['(MIT)', '(MIT)'],
  [
    'GPL-2.0-or-later WITH Classpath-exception-2.0',
    'GPL-2.0-or-later WITH Classpath-exception-2.0',
  ],
  ['MIT AND', undefined],
  ['MIT License', undefined],
  ['Mine', undefined],
  ['', undefined],
  [')', undefined],
  ['MIT OR OR MIT', undefined],
  ['constructor', undefined],
])('licenseExpression(%p)', (text, expected) => {
  expect<unknown>(licenseExpression(text)).toBe(expected)
})
