/** Problems that every textbook has, written down by hand in our own words. They may be in any model's training data: tables tell them apart. */

import type { Draft } from "../draft.ts";
import { aboutLists } from "./lists.ts";
import { numberTheory } from "./number-theory.ts";
import { aboutNumbers } from "./numbers.ts";
import { aboutTexts } from "./texts.ts";

/** All of them. */
export const textbookDrafts: readonly Draft[] = [...aboutNumbers, ...numberTheory, ...aboutTexts, ...aboutLists];
