/** Free text by name, on documents and descriptors. */
export type Annotations = Readonly<Record<string, string>>
