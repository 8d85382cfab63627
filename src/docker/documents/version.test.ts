import { expect, test } from 'bun:test'
import { formatDocument, parseDocumentFormat } from '../formats/documents.ts'
import { versionDocument } from './version.ts'

const document = versionDocument({
  Version: '1.2',
  Bun: '1.4',
  Os: 'linux',
  Arch: 'amd64',
  apiVersion: '1.56',
  minApiVersion: '1.24',
})

function format(template: string): string {
  const parsed = parseDocumentFormat(template, { kind: 'version', name: 'version' })
  return formatDocument(parsed, document)
}

test('versionDocument() has the versions of client and server', () => {
  expect(format('{{.Client.Version}} {{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}')).toBe(
    '1.2 1.2 linux/amd64',
  )
  const components = '{{range .Server.Components}}{{.Name}} {{.Version}};{{end}}'
  expect(format(components)).toBe('Engine 1.2;Bun 1.4;')
  expect(format('json')).toStartWith('{"Client":{"Version":"1.2","ApiVersion":"1.56"')
})

test('versionDocument() has the versions of the API, which scripts ask for', () => {
  const template =
    '{{.Client.APIVersion}} {{.Client.DefaultAPIVersion}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}'
  expect(format(template)).toBe('1.56 1.56 1.56 1.24')
})

test('formatDocument() names the template of version in errors, as Docker does', () => {
  expect(() => format('{{.Missing}}')).toThrow(
    `template: version:1:2: executing "version" at <.Missing>: can't evaluate field Missing in type system.versionInfo`,
  )
})
