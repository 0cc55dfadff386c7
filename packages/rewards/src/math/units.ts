/** Words that may follow a number and are no measure: an answer is the same with them and without. */
const COUNTED = new Set(
  `euro penny buck rupee yuan percent unit per newton joule watt volt ampere ohm pascal hertz hz kelvin celsius
  fahrenheit mole mol people person student child children apple orange book coin marble ball candy candie cookie ticket
  car point vote way time page piece item bag box boxe card game slice egg flower tree dog cat bird fish hat shirt shoe
  toy pencil pen bottle can pizza cake song word letter team player friend guest row seat table square sq cubic ton`.split(
    /\s+/,
  ),
);

/** What a unit measures, and how much of that dimension's first unit it is. */
export interface Measure {
  dimension: string;
  factor: number;
}

const MEASURES = new Map<string, Measure>(
  Object.entries({
    length:
      'm:1 meter:1 metre:1 cm:0.01 centimeter:0.01 centimetre:0.01 mm:0.001 millimeter:0.001 millimetre:0.001 km:1000 kilometer:1000 kilometre:1000 inch:0.0254 inche:0.0254 in:0.0254 foot:0.3048 feet:0.3048 ft:0.3048 yard:0.9144 yd:0.9144 mile:1609.344 mi:1609.344',
    // A litre is a cubic decimetre.
    length3:
      'l:0.001 liter:0.001 litre:0.001 ml:0.000001 gallon:0.003785411784 quart:0.000946352946 pint:0.000473176473 cup:0.0002365882365',
    mass: 'g:1 gram:1 kg:1000 kilogram:1000 mg:0.001 tonne:1000000 lb:453.59237 pound:453.59237 ounce:28.349523125 oz:28.349523125',
    time: 's:1 sec:1 second:1 min:60 minute:60 h:3600 hr:3600 hour:3600 day:86400 week:604800',
    months: 'month:1 year:12 yr:12',
    money: 'dollar:1 usd:1 cent:0.01',
    euros: 'eur:1',
    angle: `degree:1 deg:1 rad:${180 / Math.PI} radian:${180 / Math.PI}`,
    speed: 'm/s:1 km/h:0.2777777777777778 kph:0.2777777777777778 mph:0.44704',
  }).flatMap(([dimension, units]) =>
    units.split(' ').map((unit): [string, Measure] => {
      const [name, factor] = unit.split(':') as [string, string];
      return [name, { dimension, factor: Number(factor) }];
    }),
  ),
);

/** An answer without its units, and what they measure, if they are a measure. */
export interface Amount {
  value: string;
  unit?: Measure;
}

/**
 * Takes words of units from the end of a cleaned answer, and `degree`s of an angle, as long as something else is left.
 * The unit is that of the last measure: `12 square cm`, `12 cm^2`; none for counted things (`12 apples`) and for
 * compounds.
 */
export function withoutUnits(text: string): Amount {
  let rest = text;
  let unit: Measure | undefined;
  let words = 0;
  for (;;) {
    const match = /^(.*[\d)}\]\s!%])\s*\b([a-zA-Z][a-zA-Z/.]*)\s*(\^\s*\{?([23])\}?)?\s*$/s.exec(rest);
    if (!match || !/\d|\\|[a-zA-Z]/.test(match[1]!)) break;
    const word = match[2]!.toLowerCase().replace(/\.$/, '');
    const name = [word, word.length > 2 ? word.replace(/s$/, '') : word].find(
      (each) => MEASURES.has(each) || COUNTED.has(each),
    );
    // A single letter right behind a number is a variable: 2m, 5 g; `12 m` with space is an amount.
    const apart = word.length > 1 || (/\d\s+$/.test(match[1]!) && /[mgslh]/.test(word));
    if (name === undefined || !apart) break;
    const value = match[1]!.trim();
    // "percent" is a unit that means something.
    if (word === 'percent') return { value: `${value}%` };
    if (value === '') return { value: text };
    rest = value;
    words++;
    if (/^(?:square|sq|cubic)$/.test(name)) {
      unit = unit && raised(unit, name === 'cubic' ? 3 : 2);
      words--;
    } else {
      const own = MEASURES.get(name);
      unit = words === 1 && own ? raised(own, Number(match[4] ?? 1)) : undefined;
    }
  }
  return unit ? { value: rest, unit } : { value: rest };
}

function raised({ dimension, factor }: Measure, exponent: number): Measure {
  return exponent === 1
    ? { dimension, factor }
    : { dimension: `${dimension}${exponent}`, factor: factor ** exponent };
}

/** What a dollar sign says that is no border of a formula. */
export const dollars: Measure = { dimension: 'money', factor: 1 };
