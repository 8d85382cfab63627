import { quote } from '../text/quote.ts'
import type { ByteText } from '../text/utf8.ts'
import type { BranchNode, CommandNode, Node, Operand } from './node.ts'

/** Formats a node as it could have been written, for errors. */
export function formatNode(node: Node | Operand | CommandNode): ByteText {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'action':
      return `{{${formatNode(node.pipe)}}}`
    case 'if':
    case 'range':
    case 'with':
      return formatBranch(node)
    case 'template': {
      const pipe = node.pipe === undefined ? '' : ` ${formatNode(node.pipe)}`
      return `{{template ${quote(node.name)}${pipe}}}`
    }
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    case 'pipe': {
      const names = node.variables.map(formatNode).join(', ')
      const variables = names === '' ? '' : `${names} ${node.isAssignment ? '=' : ':='} `
      return variables + node.commands.map(formatNode).join(' | ')
    }
    case 'command':
      return node.operands.map(formatOperand).join(' ')
    case 'chain':
      return [formatOperand(node.node), ...node.fields].join('.')
    case 'field':
      return `.${node.fields.join('.')}`
    case 'variable':
      return node.names.join('.')
    case 'identifier':
      return node.name
    case 'number':
      return node.text
    case 'string':
      return node.quoted
    case 'bool':
      return String(node.bool)
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
  }
}

function formatOperand(operand: Operand): ByteText {
  return operand.kind === 'pipe' ? `(${formatNode(operand)})` : formatNode(operand)
}

function formatBranch({ kind, pipe, list, otherwise }: BranchNode): ByteText {
  const other = otherwise && `{{else}}${otherwise.map(formatNode).join('')}`
  return `{{${kind} ${formatNode(pipe)}}}${list.map(formatNode).join('')}${other ?? ''}{{end}}`
}
