/**
 * Figures that are updated in place while a cell runs. A figure's static picture takes a tenth of a second and a core, so
 * a live one gets its picture every two seconds and at the end; between these its data goes out at once, with the last
 * picture beside it. Not here: how often a cell may update (`pace.ts`), drawing (`kernel/display/picture.ts`).
 */

import { completeBundle, isFigure, withSettings } from "../display/index.ts";

type Bundle = { [mimeType: string]: unknown };
/** `again`: the state was sent already, without its picture. */
type Send = (data: Bundle, again?: boolean) => void;

/** Figures by their display id. */
export interface LiveFigures {
  /** A state that may be the only one: gives it complete, with its picture. */
  complete(id: string | null, data: Bundle): Promise<Bundle>;
  /** A state of many: `send` gets it at once, and once more with a picture of its own if it is the last for a while. */
  update(id: string, data: Bundle, send: Send): void;
  /** Sends the pictures that are still owed. */
  settle(): Promise<void>;
}

interface Place {
  picture: unknown;
  /** The state that was sent without a picture of its own. */
  owed: { data: Bundle; send: Send } | null;
  timer: NodeJS.Timeout | undefined;
}

const pictureEveryMs = 2000;

/** Makes the register of a session. */
export function createLiveFigures(): LiveFigures {
  const places = new Map<string, Place>();
  const placeOf = (id: string): Place => {
    const place = places.get(id) ?? { picture: undefined, owed: null, timer: undefined };
    places.set(id, place);
    return place;
  };
  const pay = async (place: Place): Promise<void> => {
    clearTimeout(place.timer);
    place.timer = undefined;
    const { owed } = place;
    if (owed === null) return;
    const complete = await completeBundle(owed.data);
    place.picture = complete["text/html"];
    if (place.owed !== owed) return; // a newer state came meanwhile
    place.owed = null;
    owed.send(complete, true);
  };
  return {
    async complete(id, data) {
      const complete = await completeBundle(data);
      if (id !== null && isFigure(data)) Object.assign(placeOf(id), { picture: complete["text/html"], owed: null });
      return complete;
    },
    update(id, data, send) {
      const place = placeOf(id);
      place.owed = null;
      if (!isFigure(data)) return send(data);
      send({ ...withSettings(data), ...(place.picture !== undefined && { "text/html": place.picture }) });
      place.owed = { data, send };
      place.timer ??= setTimeout(() => void pay(place), pictureEveryMs).unref();
    },
    async settle() {
      for (const [id, place] of places) {
        await pay(place);
        // Every shown figure has a place: a long session must not keep all their pictures.
        if (place.owed === null) places.delete(id);
      }
    },
  };
}
