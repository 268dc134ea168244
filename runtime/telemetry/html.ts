/** Markup that cannot be broken by what is put into it. Pure. */

/** Text that is markup already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = string | number | Html | undefined | readonly Content[];

/** A template whose values are escaped, unless they are Html themselves. */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  const parts = strings.map((string, index) => string + render(values[index]));
  return new Html(parts.join(''));
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escapeHtml(String(content));
}

/** For text and for attributes in quotes. */
export const escapeHtml = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    // Turns the direction of text around: what is read is not what is there.
    .replace(/[\u202A-\u202E\u2066-\u2069]/g, '\uFFFD');

/** A link, where the address is one that a browser may follow; else its text alone. */
export function link(address: string, content: Content): Html {
  return /^https?:\/\//i.test(address)
    ? markup`<a href="${address}" rel="noreferrer">${content}</a>`
    : markup`${content}`;
}
