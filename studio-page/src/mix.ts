/** The mix of styles, and what a click on one of them makes of it. */

/** A style in the mix: the name of a shipped one, or the key of a painting. */
export interface Choice {
  key: string;
  weight: number;
}

/** The mix with `key` added, or taken out where it is in. */
export function toggled(mix: readonly Choice[], key: string): Choice[] {
  const rest = mix.filter((choice) => choice.key !== key);
  return rest.length < mix.length ? rest : [...mix, { key, weight: 1 }];
}

/** The mix after a click on `key`: that one alone, or beside the others where `several`; none where it was in. */
export function chosen(mix: readonly Choice[], key: string, several: boolean): Choice[] {
  return several || mix.some((choice) => choice.key === key) ? toggled(mix, key) : [{ key, weight: 1 }];
}

/** The mix with weights that add up to 1. */
export function shares(mix: readonly Choice[]): Choice[] {
  const total = mix.reduce((sum, choice) => sum + choice.weight, 0);
  return mix.map(({ key, weight }) => ({ key, weight: total > 0 ? weight / total : 0 }));
}
