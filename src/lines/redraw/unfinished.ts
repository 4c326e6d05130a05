import { controlsOf } from './controls.ts';
import { RowText } from './row-text.ts';

/** What a terminal shows of a line that has not ended yet: of a bar that is drawn again, its newest state. */
export function shownOf(text: string): string {
  const row = new RowText();
  let shown = '';
  const keep = () => {
    if (row.text.trim() !== '') shown = row.text;
  };
  for (const control of controlsOf(text)) {
    if (control.kind === 'text') row.write(control.text);
    else if (control.kind === 'left') row.left(control.by);
    else if (control.kind === 'column') row.column(control.to);
    else if (control.kind === 'erase' && !control.all) row.erase(control);
    else {
      keep();
      row.clear();
    }
  }
  keep();
  return shown;
}
