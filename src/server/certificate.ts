import { X509Certificate } from 'node:crypto'
import { StrakeError } from '#oci'

/** Returns the host names of a certificate in PEM, without patterns. Throws `INVALID`. */
export function namesOf(pem: string): readonly string[] {
  let text: string
  try {
    text = new X509Certificate(pem).subjectAltName ?? ''
  } catch (cause) {
    throw new StrakeError('INVALID', 'Cannot read the certificate of the server: it is no PEM', {
      cause,
    })
  }
  return text
    .split(', ')
    .map((entry) => /^DNS:([\w.-]+)$/.exec(entry)?.[1] ?? '')
    .filter((name) => name !== '')
}
