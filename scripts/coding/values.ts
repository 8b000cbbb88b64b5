/** Inputs that are drawn: values of the types that problems take. Words are never empty, and stand apart by one space. */

import type { Random } from "../../src/random/index.ts";

const words =
  "apple bread cat dog egg fig green house ink jam kite lemon moon nest oak pear queen river salt tea under violet water yarn zebra an it ox arch echo level noon stats seashell banana committee Alice Berlin Cairo a I".split(
    " ",
  );

/** A record, as problems about things in a shop have them. */
export interface ShopItem {
  name: string;
  price: number;
  count: number;
}

export const drawNumber = (random: Random): number => random.integer(41) - 18;

export const drawNumbers = (random: Random): number[] => {
  const list = Array.from({ length: 2 + random.integer(6) }, () => drawNumber(random));
  // Now and then one stands there twice: repeats matter to some, and are rare among 41 numbers.
  if (random.integer(3) === 0) list.splice(random.integer(list.length), 0, random.choice(list));
  return list;
};

export const drawWord = (random: Random): string => random.choice(words);

export const drawWords = (random: Random): string[] => {
  const list = Array.from({ length: 2 + random.integer(5) }, () => drawWord(random));
  if (random.integer(3) === 0) list.splice(random.integer(list.length), 0, random.choice(list));
  return list;
};

export const drawText = (random: Random): string => drawWords(random).join(" ");

export const drawItems = (random: Random): ShopItem[] =>
  Array.from({ length: 1 + random.integer(5) }, () => ({
    name: drawWord(random),
    price: 1 + random.integer(30),
    count: random.integer(8),
  }));
