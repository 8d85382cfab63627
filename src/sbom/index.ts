// Software bills of materials: the packages of a file tree, and their description in SPDX.

export type { ScannedFile } from './package.ts'
export { isScanned, type Scan, type ScannedPackage, scanFiles } from './scan.ts'
export { type SpdxOptions, spdxDocument } from './spdx.ts'
