/** Markup that is inserted as it is. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** What `html` inserts: markup as it is, everything else escaped; lists joined; nothing for false and undefined. */
export type Insert = Html | string | number | false | undefined | readonly Insert[];

/** Template tag for markup. Texts put into it can never become markup. */
export function html(strings: TemplateStringsArray, ...values: Insert[]): Html {
  return new Html(
    strings.reduce((text, part, i) => text + part + (i < values.length ? insert(values[i]) : ''), ''),
  );
}

function insert(value: Insert): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(insert).join('');
  return escapeText(String(value));
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  // Control characters are not allowed in HTML; show them as what they are.
  return text
    .replace(/[&<>"']/g, (char) => ESCAPES[char]!)
    .replace(/(?![\n\t\r])\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** JSON inside a script element: no text in it can close the element or begin a comment. */
export function scriptJson(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll('<', '\\u003c'));
}
