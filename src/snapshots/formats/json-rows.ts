import type { Cell } from './cell.ts'

/** What must be escaped inside JSON text (RFC 8259, section 7): controls, and lone surrogates, which UTF-8 cannot hold. */
const TO_ESCAPE = /["\\\p{Cc}\p{Cs}]/u

function jsonText(text: string): string {
  return TO_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`
}

function jsonCell(cell: Cell): string {
  return typeof cell === 'string' ? jsonText(cell) : `${cell}`
}

/**
 * Makes the function that writes a row as one JSON object. Each of the first `headers` columns is there, blank or not;
 * a column past them where it holds a value. Written by hand because the order of columns must hold whatever their
 * names are: a JavaScript object would put a column `2024` before `Name`, and lose one called `__proto__`.
 */
export function objectWriter(names: readonly string[], headers: number): (cells: readonly Cell[]) => string {
  const keys = names.map((name) => `${jsonText(name)}:`)
  return (cells) => {
    let text = '{'
    for (let column = 0; column < headers; column += 1) {
      const cell = cells[column]
      if (column > 0) text += ','
      text += (keys[column] ?? '') + (cell === undefined ? 'null' : jsonCell(cell))
    }
    for (let column = headers; column < cells.length; column += 1) {
      const cell = cells[column]
      if (cell === null || cell === undefined) continue
      if (text !== '{') text += ','
      text += (keys[column] ?? '') + jsonCell(cell)
    }
    return `${text}}`
  }
}

/** Writes a row as a JSON array as long as the row. */
export function arrayText(cells: readonly Cell[]): string {
  let text = '['
  for (let column = 0; column < cells.length; column += 1) {
    if (column > 0) text += ','
    text += jsonCell(cells[column] ?? null)
  }
  return `${text}]`
}
