import type { Place } from './hcl-error.ts'
import type { Value } from './value.ts'

/** An expression, with the place where it begins. */
export type Expression = { readonly at: Place } & (
  | { readonly kind: 'literal'; readonly value: Value }
  /** Parts that are joined to a text. */
  | { readonly kind: 'template'; readonly parts: readonly Expression[] }
  /** The elements of a list, joined to a text. */
  | { readonly kind: 'join'; readonly list: Expression }
  | { readonly kind: 'reference'; readonly name: string }
  | { readonly kind: 'attribute'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly key: Expression }
  /** `of[*].name`: `each` is evaluated for every element, which has the name `splatElement`. */
  | { readonly kind: 'splat'; readonly of: Expression; readonly each: Expression }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly args: readonly Expression[]
      /** Whether the last argument is a list of further arguments. */
      readonly isExpanded: boolean
    }
  | { readonly kind: 'unary'; readonly operator: '-' | '!'; readonly of: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'conditional'
      readonly condition: Expression
      readonly then: Expression
      readonly otherwise: Expression
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | ForExpression
)

export interface ForExpression {
  readonly kind: 'for'
  /** The variable of the index or name. */
  readonly keyName: string | undefined
  readonly valueName: string
  readonly source: Expression
  /** Present in the form that makes an object. */
  readonly key: Expression | undefined
  readonly each: Expression
  readonly condition: Expression | undefined
  /** Whether values of one name are collected in a list. */
  readonly isGrouped: boolean
}

export type BinaryOperator =
  | '||'
  | '&&'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'

/** The name of the element in the expression of a splat. No identifier has it. */
export const splatElement = '*'

export interface Attribute {
  readonly name: string
  readonly value: Expression
  readonly at: Place
}

export interface Block {
  readonly type: string
  readonly labels: readonly string[]
  readonly body: Body
  readonly at: Place
}

export interface Body {
  readonly attributes: ReadonlyMap<string, Attribute>
  readonly blocks: readonly Block[]
}
