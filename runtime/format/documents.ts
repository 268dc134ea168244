/** A file as the documents in it. */

export interface DocumentText {
  /** The line that begins it, a `---`; '' where the file begins with it. */
  readonly marker: string;
  /** What stands below that line, with all of its line breaks. */
  readonly text: string;
  /** Line of the file on which it begins, from 1. */
  readonly line: number;
}

/** A line that starts with `---` ends a document, wherever it stands: in a block text as well. */
export function splitDocuments(text: string): readonly DocumentText[] {
  const documents: { marker: string; text: string; line: number }[] = [
    { marker: '', text: '', line: 1 },
  ];
  for (const [index, line] of text.split(/(?<=\n)/).entries()) {
    const content = line.trimEnd();
    if (/^---+(?:\s|$)/.test(content)) {
      documents.push({ marker: content, text: '', line: index + 1 });
    } else {
      documents.at(-1)!.text += line;
    }
  }
  return documents;
}

/** Nothing but dashes, and maybe a comment: a marker with text behind it is a part of the document. */
export const isBareMarker = (marker: string): boolean => /^(?:-+(?:\s+#.*)?)?$/.test(marker);
