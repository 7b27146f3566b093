/** English, which the page is written in: only texts with a plural. */

import type { Translation } from "../language";

const texts: Translation = {
  "{0} days": { one: "{0} day", other: "{0} days" },
  "{0} requests sent": { one: "{0} request sent", other: "{0} requests sent" },
  "After the {0} before it": { one: "After the one before it", other: "After the {0} before it" },
  "About {0} as fast as this studio paints, after the {1} before it": {
    one: "About {0} as fast as this studio paints, after the one before it",
    other: "About {0} as fast as this studio paints, after the {1} before it",
  },
  "About {0} for all, as fast as this studio paints, after the {1} before them": {
    one: "About {0} for all, as fast as this studio paints, after the one before them",
    other: "About {0} for all, as fast as this studio paints, after the {1} before them",
  },
  "Only the first frame of {0} moving pictures is taken.": { one: "One picture moves; only its first frame is taken.", other: "Only the first frame of {0} moving pictures is taken." },
  "{0} photographs": { one: "One photograph", other: "{0} photographs" },
};

export default texts;
