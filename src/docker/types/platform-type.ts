import { pointerTo, type Type } from '#template'
import { declareTypes } from './declare.ts'

/** The platform of an image or of a manifest in documents. */
export const platformDeclaration = `v1.Platform {
  Architecture=architecture string
  OS=os string
  OSVersion=os.version? string
  OSFeatures=os.features? []string
  Variant=variant? string
}
`

const listedDeclaration = `${platformDeclaration}
formatter.Platform {
  ...v1.Platform
}
`

/** The platform of a container in a list, which is printed as `linux/arm64/v8`. */
export function listedPlatformType(): Type {
  const struct = declareTypes(listedDeclaration).get('formatter.Platform')
  if (struct?.kind !== 'struct') throw new TypeError('undeclared type formatter.Platform')
  return pointerTo({ ...struct, shown })
}

function shown(textOf: (field: string) => string): string {
  const version = textOf('OSVersion')
  const system = `${textOf('OS')}${version === '' ? '' : `(${version})`}`
  return [system, textOf('Architecture'), textOf('Variant')].filter((part) => part !== '').join('/')
}
