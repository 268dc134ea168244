/** What the table of variables is made of. */
import type { ValueType } from './value-types.ts';

export interface Variable<T = unknown> {
  readonly name: string;
  /** Other names of it. Where one of them is set it wins, as in drone-runner-kube. */
  readonly aliases: readonly string[];
  readonly type: ValueType<T>;
  /** What counts where nothing is set. */
  readonly fallback: T;
  /** The fallback in the documentation, where it does not speak for itself. */
  readonly shown: string | undefined;
  readonly required: boolean;
  /** One line for the documentation. */
  readonly help: string;
}

/** Known, so that nobody is told that it is not, and without effect. */
export interface IdleVariable {
  readonly name: string;
  /** Why it has no effect, and what does instead: a sentence. */
  readonly reason: string;
}

export interface Group {
  readonly title: string;
  readonly variables: readonly Variable[];
}

interface Details {
  readonly aliases?: readonly string[];
  readonly shown?: string;
}

/** A variable that is undefined where it is not set. */
export const optional = <T>(
  name: string,
  type: ValueType<T>,
  help: string,
  details: Details = {},
): Variable<T | undefined> => withDefault<T | undefined>(name, type, undefined, help, details);

export const withDefault = <T>(
  name: string,
  type: ValueType<T>,
  fallback: T,
  help: string,
  details: Details = {},
): Variable<T> => ({
  name,
  aliases: details.aliases ?? [],
  type,
  fallback,
  shown: details.shown,
  required: false,
  help,
});

/** `fallback` stands in for the value until the problem has been told. */
export const required = <T>(
  name: string,
  type: ValueType<T>,
  fallback: T,
  help: string,
): Variable<T> => ({ ...withDefault(name, type, fallback, help), required: true });
