import { z } from 'zod';
import { isMeasureInText } from './names.ts';
import { toNumber } from './number.ts';
import { emptyReading, isStep, type Reading } from './reading.ts';

/** The columns of the newest table, from its header on; JSON. */
export const tableShape = z
  .object({ columns: z.array(z.string().max(64)).max(24), tabs: z.boolean() })
  .nullable();
export type Table = z.infer<typeof tableShape>;

/**
 * The columns that a header names: fastai's `epoch     train_loss  valid_loss  time`, spaCy's
 * `E    #       LOSS TOK2VEC  LOSS NER`, YOLO's, scikit-learn's, Chainer's, a notebook's `Step\tTraining Loss`.
 * Null for any other line. The first column is always an epoch or a step.
 */
export function tableHeader(text: string): Table {
  const trimmed = text.trim();
  if (trimmed.length > 512 || !startsTable.test(trimmed)) return null;
  const tabs = trimmed.includes('\t');
  const columns = trimmed.split(tabs ? '\t' : / {2,}/).map((column) => column.trim());
  if (columns.length < (tabs ? 2 : 3) || columns.length > 24) return null;
  return columns.every((column) => isColumn.test(column)) ? { columns, tabs } : null;
}

/** The values of a row under these columns; null for a line that is no row of this table. */
export function tableRow(text: string, table: Table): Reading | null {
  if (table === null) return null;
  const { columns, tabs } = table;
  const trimmed = text.trim();
  if (!/^\d/.test(trimmed) || trimmed.length > 512) return null;
  const cells = tabs ? trimmed.split('\t') : trimmed.split(/ +/);
  if (cells.length !== columns.length) return null;
  const reading = emptyReading();
  for (const [index, column] of columns.entries()) {
    const cell = (cells[index] ?? '').trim();
    if (!isCell.test(cell)) return null;
    readCell(reading, column, cell);
  }
  return reading.step === null && reading.epoch === null ? null : reading;
}

const startsTable = /^(?:epoch|step|iter|iteration|E)(?:\t| {2})/i;
const isColumn = /^[A-Za-z#][\w ./@#%()-]{0,63}$/;
const isCell = /^(?:[-+.\d][\w.:/%+-]{0,24}|-?nan|-?inf|No log|None|-)$/i;

function readCell(reading: Reading, column: string, cell: string): void {
  const name = column.toLowerCase();
  if (name === 'epoch' || name === 'e') {
    const [epoch = '', total] = cell.split('/');
    reading.epoch = toNumber(epoch);
    reading.totalEpochs = total === undefined ? null : toNumber(total);
    return;
  }
  const value = toNumber(cell);
  if (value === null) return;
  if (/^(?:step|iter|iteration|#)$/.test(name)) {
    if (isStep(value)) reading.step = value;
    return;
  }
  const joined = column.replaceAll(' ', '_');
  if (isMeasureInText(joined)) reading.values.set(joined, value);
}
