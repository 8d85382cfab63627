import type { CertificateField, MtlsConfig } from '../config/config.ts'
import type { Identity } from '../policy/identity.ts'
import { isUserName } from './authenticator.ts'
import { type DerElement, derContent, derElements, derTag } from './der.ts'

/** Names in a certificate. */
export type CertificateNames = Readonly<Record<CertificateField, readonly string[]>>

const commonName = Uint8Array.of(0x55, 0x04, 0x03)
const alternativeNames = Uint8Array.of(0x55, 0x1d, 0x11)

/** The fields of alternative names, by their tags. */
const fields: Readonly<Record<number, CertificateField>> = { 129: 'email', 130: 'dns', 134: 'uri' }

/**
 * Reads the names of a certificate from its bytes. The text that runtimes make of alternative names
 * is no source, because a name may contain the separators of that text.
 */
export function namesOfCertificate(certificate: Uint8Array): CertificateNames {
  const names = {
    cn: [] as string[],
    email: [] as string[],
    dns: [] as string[],
    uri: [] as string[],
  }
  const [body] = derContent(certificate)
  const parts = derElements(body?.value ?? new Uint8Array())
  // A version comes first, if it is there: then number, algorithm, issuer, validity, subject.
  const subject = parts[parts[0]?.tag === derTag.version ? 5 : 4]
  names.cn.push(...commonNames(subject?.value ?? new Uint8Array()))
  const extensions = parts.find(({ tag }) => tag === derTag.extensions)
  for (const { tag, value } of alternatives(extensions)) {
    const field = fields[tag]
    if (field !== undefined) names[field].push(Buffer.from(value).toString('latin1'))
  }
  return names
}

function commonNames(subject: Uint8Array): readonly string[] {
  return derElements(subject)
    .flatMap(({ value }) => derElements(value))
    .flatMap(({ value }) => {
      const [id, text] = derElements(value)
      return id !== undefined && text !== undefined && isSame(id.value, commonName)
        ? [Buffer.from(text.value).toString('utf8')]
        : []
    })
}

function alternatives(extensions: DerElement | undefined): readonly DerElement[] {
  if (extensions === undefined) return []
  for (const { value } of derContent(extensions.value)) {
    const parts = derElements(value)
    const content = parts.find(({ tag }) => tag === derTag.octets)
    const [id] = parts
    if (id === undefined || content === undefined || !isSame(id.value, alternativeNames)) continue
    return derContent(content.value)
  }
  return []
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

/** Returns a function that finds the user of a proved certificate. */
export function identifyCertificates({
  identity: field,
  pattern,
}: MtlsConfig): (certificate: Uint8Array) => Identity | undefined {
  const expression = new RegExp(`^(?:${pattern ?? '.*'})$`, 'u')
  return (certificate) => {
    const matches = readNames(certificate)[field].flatMap((text) => {
      const match = expression.exec(text)
      return match === null ? [] : [match[1] ?? match[0]]
    })
    const [name] = matches
    // With two names, the certificate does not say who its owner is.
    const isClear = new Set(matches).size === 1 && name !== undefined
    return isClear && isUserName(name) ? { kind: 'user', name, groups: [] } : undefined
  }
}

function readNames(certificate: Uint8Array): CertificateNames {
  try {
    return namesOfCertificate(certificate)
  } catch {
    return { cn: [], email: [], dns: [], uri: [] }
  }
}
