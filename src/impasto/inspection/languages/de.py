"""The texts of the explanation page in German, by the English ones."""

from __future__ import annotations

TEXTS = {
    (
        "Made by <code>impasto explain</code>. Everything on this page was computed on one machine from "
        "the two pictures at the top; nothing was sent anywhere, and the page loads nothing."
    ): (
        "Erzeugt mit <code>impasto explain</code>. Alles auf dieser Seite wurde auf einem einzigen "
        "Rechner aus den beiden Bildern ganz oben berechnet; nichts wurde irgendwohin gesendet, und die "
        "Seite lädt nichts nach."
    ),
    (
        "A network that learnt to recognise things looks at your photograph and at the painting. A "
        "picture is then changed, step by step, until the network finds in it the <em>content</em> of "
        "the one and the <em>style</em> of the other. This page shows each part of that, on your two "
        "pictures."
    ): (
        "Ein Netz, das gelernt hat, Dinge zu erkennen, betrachtet Ihr Foto und das Gemälde. Dann wird "
        "ein Bild Schritt für Schritt verändert, bis das Netz darin den <em>Inhalt</em> des einen und "
        "den <em>Stil</em> des anderen findet. Diese Seite zeigt jeden Teil davon an Ihren beiden "
        "Bildern."
    ),
    "a texture in the style of {0}": "eine Textur im Stil von {0}",
    "<b>Style</b>: {0}. A style file holds no picture; this texture was made from it.": (
        "<b>Stil</b>: {0}. Eine Stildatei enthält kein Bild; diese Textur ist aus ihr entstanden."
    ),
    "Pictures become numbers": "Aus Bildern werden Zahlen",
    "What the network sees": "Was das Netz sieht",
    "Content: what is where": "Inhalt: was wo ist",
    "Style: what goes with what": "Stil: was womit auftritt",
    "Two wishes, one number": "Zwei Wünsche, eine Zahl",
    "Downhill, step by step": "Schritt für Schritt bergab",
    "What if?": "Was wäre, wenn?",
    "Every parameter": "Alle Parameter",
    "Where this comes from": "Woher das kommt",
    "{0} after {1}: how it was painted": "{0} nach {1}: wie es gemalt wurde",
    "How a computer paints": "Wie ein Computer malt",
    "{0}, after {1}": "{0}, nach {1}",
    "A picture": "Ein Bild",
    "<b>The result</b>, painted in {0} seconds": "<b>Das Ergebnis</b>, gemalt in {0} Sekunden",
    "<b>Content</b>: {0}": "<b>Inhalt</b>: {0}",
    "On this page": "Auf dieser Seite",
    "<b>Style</b>: {0}": "<b>Stil</b>: {0}",
    "the result": "das Ergebnis",
    "the photograph": "das Foto",
    "the painting": "das Gemälde",
    "red": "Rot",
    "green": "Grün",
    "blue": "Blau",
    (
        "To a computer a picture is a table of numbers: your photograph has {0} × {1} pixels with three "
        "numbers each, how much red, green and blue, from 0 to 1. It is made smaller first (here to {2} "
        "× {3} for painting, and {4} × {5} for the looks inside), since every step costs time for every "
        "pixel."
    ): (
        "Für einen Computer ist ein Bild eine Tabelle von Zahlen: Ihr Foto hat {0} × {1} Pixel mit je "
        "drei Zahlen, die angeben, wie viel Rot, Grün und Blau sie enthalten, von 0 bis 1. Zuerst wird "
        "es verkleinert (hier auf {2} × {3} zum Malen und auf {4} × {5} für den Blick ins Innere), denn "
        "jeder Schritt kostet Zeit für jedes Pixel."
    ),
    (
        "A network wants its numbers centred around zero, the way it had them when it learnt. So each "
        "value {0} is scaled, and the average it was trained around is taken off:"
    ): (
        "Ein Netz erwartet Zahlen, die um null verteilt sind, so wie beim Lernen. Deshalb wird jeder "
        "Wert {0} skaliert und der Mittelwert abgezogen, um den herum es trainiert wurde:"
    ),
    (
        "The colour {0} is what becomes exactly zero, and looks like nothing to the network. This, and "
        "the order {1}, must match how the network was trained; nothing else is done to the picture."
    ): (
        "Die Farbe {0} wird zu genau null und sieht für das Netz nach nichts aus. Dies und die "
        "Reihenfolge {1} müssen zum Training des Netzes passen; sonst wird mit dem Bild nichts gemacht."
    ),
    (
        "The network, {0}, {1}. It is a stack of layers. Each slides many small filters over what came "
        "before; a filter answers strongly where it finds what it looks for. With filters {2} and a "
        "rectifier {3} that {4}:"
    ): (
        "Das Netz {0} {1}. Es ist ein Stapel von Schichten. Jede schiebt viele kleine Filter über das, "
        "was vor ihr kam; ein Filter antwortet stark, wo er findet, was er sucht. Mit den Filtern {2} "
        "und einem Gleichrichter {3}, der {4}:"
    ),
    (
        "One filter's answers, place by place, are a <em>feature map</em>. Every few layers the maps are "
        "halved in size, so that each place of the next one stands for a larger piece of the photograph. "
        "That is all there is to it: deep layers know about large things because they see large pieces."
    ): (
        "Die Antworten eines Filters, Ort für Ort, sind eine <em>Merkmalskarte</em>. Alle paar Schichten "
        "wird die Größe der Karten halbiert, sodass jeder Ort der nächsten für ein größeres Stück des "
        "Fotos steht. Das ist schon alles: Tiefe Schichten wissen von großen Dingen, weil sie große "
        "Stücke sehen."
    ),
    (
        "Left: how much of the photograph a single place of that layer sees. Then the mean of all maps, "
        "laid over the photograph, and the four maps whose answers differ most from place to place."
    ): (
        "Links: wie viel vom Foto ein einzelner Ort dieser Schicht sieht. Dann der Mittelwert aller "
        "Karten, über das Foto gelegt, und die vier Karten, deren Antworten sich von Ort zu Ort am "
        "meisten unterscheiden."
    ),
    (
        "Read it from top to bottom. The first layer answers to colours and edges, pixel by pixel. In "
        "the middle there are textures and corners. At {0} a place sees {1}, and answers to parts of "
        "things: it has given up knowing exactly where."
    ): (
        "Lesen Sie es von oben nach unten. Die erste Schicht antwortet auf Farben und Kanten, Pixel für "
        "Pixel. In der Mitte stehen Texturen und Ecken. Bei {0} sieht ein Ort {1} und antwortet auf "
        "Teile von Dingen: Wo genau sie sind, weiß er nicht mehr."
    ),
    (
        "The first layer can be looked at directly: its {0} filters are 3 × 3 pixels each. Some like one "
        "colour, some like an edge in one direction. All that follows is built from these."
    ): (
        "Die erste Schicht kann man direkt ansehen: Jeder ihrer {0} Filter ist 3 × 3 Pixel groß. Manche "
        "mögen eine Farbe, manche eine Kante in einer Richtung. Alles Weitere baut darauf auf."
    ),
    "was trained to recognise things in photographs": ("wurde darauf trainiert, Dinge auf Fotos zu erkennen"),
    "turns down what is below zero (a share of {0} is let through)": (
        "dämpft, was unter null liegt (ein Anteil von {0} wird durchgelassen)"
    ),
    (
        "“Silent” are answers of zero or less. At {0} nearly all are, and still the maps say something: "
        "the share that is let through differs from place to place."
    ): (
        "„Stumm“ sind Antworten von null oder weniger. Bei {0} sind es fast alle, und doch sagen die "
        "Karten etwas: Was durchgelassen wird, ist von Ort zu Ort verschieden."
    ),
    "{0} maps of {1} × {2}, {3} silent": "{0} Karten von {1} × {2}, {3} stumm",
    (
        "Which of these answers say <em>what is in the picture</em>? Here is an experiment: begin with "
        "white noise and change it until <em>one</em> layer answers to it as it did to your photograph. "
        "Whatever that layer knows must come back; what it does not know stays noise."
    ): (
        "Welche dieser Antworten sagen, <em>was auf dem Bild ist</em>? Ein Versuch: Man beginnt mit "
        "weißem Rauschen und verändert es, bis <em>eine</em> Schicht darauf so antwortet wie auf Ihr "
        "Foto. Was diese Schicht weiß, muss wiederkehren; was sie nicht weiß, bleibt Rauschen."
    ),
    (
        "The first layers give the photograph back almost pixel by pixel. Deeper ones keep what is "
        "where, the outlines and the things, and let go of exact colours and textures. That freedom is "
        "what a painter needs: so <em>content</em> is taken from deep layers, here {0}. With {1} the "
        "answers to the painting in progress and {2} those to the photograph, Gatys, Ecker and Bethge "
        "write:"
    ): (
        "Die ersten Schichten geben das Foto fast Pixel für Pixel zurück. Tiefere behalten, was wo ist, "
        "die Umrisse und die Dinge, und lassen genaue Farben und Texturen los. Diese Freiheit braucht "
        "ein Maler: Darum wird der <em>Inhalt</em> aus tiefen Schichten genommen, hier {0}. Sind {1} die "
        "Antworten auf das entstehende Bild und {2} die auf das Foto, so schreiben Gatys, Ecker und "
        "Bethge:"
    ),
    (
        "Impasto divides by the size of the photograph's own answers, so that 0 is “the same” and 1 is "
        "“nothing of it”, whatever the layer or the network:"
    ): (
        "Impasto teilt durch die Größe der Antworten auf das Foto, sodass 0 „dasselbe“ und 1 „nichts "
        "davon“ heißt, bei jeder Schicht und jedem Netz:"
    ),
    "This painting used the variant {0}.": "Für dieses Bild wurde die Variante {0} verwendet.",
    (
        "And how is <em>style</em> to be said in numbers? Not by what is where. A style is what goes "
        "with what: this blue with that kind of swirl, this line with that edge, <em>anywhere</em>. So "
        "multiply the maps of a layer with each other, pair by pair, and average over all {0} places. "
        "The result is the <em>Gram matrix</em>:"
    ): (
        "Und wie sagt man <em>Stil</em> in Zahlen? Nicht dadurch, was wo ist. Ein Stil ist, was womit "
        "auftritt: dieses Blau mit jener Art von Wirbel, diese Linie mit jener Kante, <em>egal wo</em>. "
        "Man multipliziert also die Karten einer Schicht paarweise miteinander und mittelt über alle {0} "
        "Orte. Das Ergebnis ist die <em>Gram-Matrix</em>:"
    ),
    "Place {0} is summed away. To see that this is really so, we shuffled all places of {1}:": (
        "Der Ort {0} verschwindet in der Summe. Zum Beweis haben wir alle Orte von {1} "
        "durcheinandergewürfelt:"
    ),
    (
        "The content loss says the two have little in common ({0}; unrelated maps have 1 or more). The "
        "Gram matrix changed by {1} of its size: to style, they are the same picture."
    ): (
        "Nach dem Inhaltsverlust haben die beiden wenig gemeinsam ({0}; bei Karten, die nichts "
        "miteinander zu tun haben, sind es 1 oder mehr). Die Gram-Matrix änderte sich um {1} ihrer "
        "Größe: Für den Stil ist es dasselbe Bild."
    ),
    (
        "Each square is one pair of maps; the square root of the value is shown, so that small ones can "
        "be seen. Distances are between 0, the same, and 1."
    ): (
        "Jedes Quadrat ist ein Paar von Karten; gezeigt ist die Wurzel des Wertes, damit man kleine "
        "sieht. Abstände liegen zwischen 0, gleich, und 1."
    ),
    (
        "The same experiment as before: begin with noise, and ask for the painting's means and Gram "
        "matrices at the first layer only, then at the first two, and so on. How far they are is "
        "measured by the Wasserstein distance: it is 0 where both agree, and gets near in fewer steps "
        "than the paper's."
    ): (
        "Derselbe Versuch wie zuvor: Man beginnt mit Rauschen und verlangt die Mittelwerte und "
        "Gram-Matrizen des Gemäldes erst nur in der ersten Schicht, dann in den ersten beiden und so "
        "weiter. Wie weit sie entfernt sind, misst der Wasserstein-Abstand: Er ist 0, wo beide "
        "übereinstimmen, und kommt dem in weniger Schritten nahe als der des Artikels."
    ),
    (
        "One layer gives specks in the right colours. With each layer the pattern grows in scale: "
        "strokes, then swirls, then pieces that look like the painting torn up and rearranged. Nothing "
        "is where it was, and still you would know whose it is."
    ): (
        "Eine Schicht ergibt Sprenkel in den richtigen Farben. Mit jeder weiteren wächst das Muster: "
        "erst Striche, dann Wirbel, dann Stücke, die aussehen wie das Gemälde, zerrissen und neu "
        "zusammengesetzt. Nichts ist, wo es war, und doch wüsste man, von wem es ist."
    ),
    (
        "With {0} the painting's Gram matrices and {1} those of the picture in progress, the paper's "
        "style loss is a weighted sum over layers:"
    ): (
        "Sind {0} die Gram-Matrizen des Gemäldes und {1} die des entstehenden Bildes, so ist der "
        "Stilverlust des Artikels eine gewichtete Summe über Schichten:"
    ),
    "weakest": "am schwächsten",
    "strongest": "am stärksten",
    "below 0": "unter 0",
    "above 0": "über 0",
    "{0} × {1} pixels": "{0} × {1} Pixel",
    "layer": "Schicht",
    "size of a map": "Größe einer Karte",
    "maps": "Karten",
    "pixels apart": "Pixelabstand",
    "sees, in pixels": "sieht, in Pixeln",
    "mean": "Mittel",
    "silent": "stumm",
    "has learnt nothing: its filters are random numbers": (
        "hat nichts gelernt: Seine Filter sind Zufallszahlen"
    ),
    (
        "a VGG-19 in miniature, was trained to answer to photographs as a VGG-19 does, which was trained "
        "to recognise things in them"
    ): (
        "ist ein VGG-19 im Kleinen und wurde darauf trainiert, auf Fotos so zu antworten wie ein VGG-19, "
        "das darauf trainiert wurde, Dinge auf ihnen zu erkennen"
    ),
    "silences what is below zero": "unterdrückt, was unter null liegt",
    "all of it": "alles",
    (
        "This painting used a finer distance. Mean and Gram matrix describe a layer's answers as a cloud "
        "of points; with means {0}, {1} and covariances {2}, {3} of the two clouds, the "
        "<em>Wasserstein</em> distance says how far one must be moved to become the other. It is divided "
        "by the size of the painting's own:"
    ): (
        "Für dieses Bild wurde ein feinerer Abstand verwendet. Mittelwert und Gram-Matrix beschreiben "
        "die Antworten einer Schicht als Punktwolke; mit den Mittelwerten {0}, {1} und den Kovarianzen "
        "{2}, {3} der beiden Wolken sagt der <em>Wasserstein</em>-Abstand, wie weit man die eine "
        "verschieben muss, damit sie zur anderen wird. Er wird durch die Größe der Wolke des Gemäldes "
        "geteilt:"
    ),
    "nothing at all": "gar nichts",
    "the photograph, made smaller": "das Foto, verkleinert",
    "the whole picture": "das ganze Bild",
    "The layers, and what they answer to your photograph": (
        "Die Schichten und was sie auf Ihr Foto antworten"
    ),
    "filter {0}": "Filter {0}",
    "The first filters, as they are": "Die ersten Filter, so wie sie sind",
    "<b>sees</b> {0}": "<b>sieht</b> {0}",
    "<b>mean</b> of all maps": "<b>Mittel</b> aller Karten",
    "map {0}": "Karte {0}",
    "<b>your photograph</b>": "<b>Ihr Foto</b>",
    "<b>{0}</b> loss {1}": "<b>{0}</b> Verlust {1}",
    "<b>{0}</b> in order": "<b>{0}</b> in Ordnung",
    "<b>shuffled</b>": "<b>durcheinander</b>",
    "Gram matrices of your pictures": "Gram-Matrizen Ihrer Bilder",
    "The painting's style, and nothing else": "Der Stil des Gemäldes und sonst nichts",
    "This painting divided it by the size of the painting's own:": (
        "Für dieses Bild wurde er durch die Größe der Matrix des Gemäldes geteilt:"
    ),
    "The layers here: {0}.": "Die Schichten hier: {0}.",
    "<b>photograph</b>, {0} from the painting's": "<b>Foto</b>, {0} vom Gemälde entfernt",
    "<b>painting</b> at {0}": "<b>Gemälde</b> bei {0}",
    "<b>result</b>, {0} from the painting's": "<b>Ergebnis</b>, {0} vom Gemälde entfernt",
    "the values of {0}": "die Werte von {0}",
    "everything": "alles",
    "what one place of {0} sees": "was ein Ort von {0} sieht",
    "mean of {0}": "Mittel von {0}",
    "map {0} of {1}": "Karte {0} von {1}",
    "reconstruction from {0}": "Rekonstruktion aus {0}",
    "<b>the painting</b>": "<b>das Gemälde</b>",
    "texture from {0}": "Textur aus {0}",
    "before": "vorher",
    "after": "nachher",
    "Gram matrix of the photograph at {0}": "Gram-Matrix des Fotos bei {0}",
    "Gram matrix of the painting at {0}": "Gram-Matrix des Gemäldes bei {0}",
    "Gram matrix of the result at {0}": "Gram-Matrix des Ergebnisses bei {0}",
    "content": "Inhalt",
    "style": "Stil",
    "total": "gesamt",
    "smooth": "glatt",
    (
        "Now both wishes become one number. The smaller it is, the better the picture is at once the "
        "photograph and the painting:"
    ): (
        "Nun wird aus beiden Wünschen eine Zahl. Je kleiner sie ist, desto besser ist das Bild zugleich "
        "das Foto und das Gemälde:"
    ),
    (
        "The weights {0} and {1} say how much each counts; the layers of the style share its weight, "
        "those of the content have each its own. These are the parts for your picture, each with its "
        "weight in it:"
    ): (
        "Die Gewichte {0} und {1} sagen, wie viel jedes zählt; die Schichten des Stils teilen sich sein "
        "Gewicht, die des Inhalts haben jede ihr eigenes. Das sind die Teile für Ihr Bild, jeder samt "
        "seinem Gewicht:"
    ),
    (
        "The network stays as it is. What changes is the <em>picture</em>. Running the network backwards "
        "says, for each pixel, which way and how much to change it so that the loss falls: the gradient. "
        "Then take a small step that way, and look again. {0}"
    ): (
        "Das Netz bleibt, wie es ist. Was sich ändert, ist das <em>Bild</em>. Rückwärts durchlaufen, "
        "sagt das Netz für jedes Pixel, in welche Richtung und wie stark es zu ändern ist, damit der "
        "Verlust sinkt: der Gradient. Dann macht man einen kleinen Schritt dorthin und sieht wieder "
        "nach. {0}"
    ),
    (
        "The optimiser {0} also remembers how the slope changed in its last steps ({1}), and so takes "
        "better ones:"
    ): (
        "Das Verfahren {0} merkt sich auch, wie sich die Steigung in den letzten Schritten änderte "
        "({1}), und macht so bessere:"
    ),
    (
        "The optimiser {0} also remembers how large each pixel's slope usually is ({1}), and takes steps "
        "of about the same length everywhere:"
    ): (
        "Das Verfahren {0} merkt sich auch, wie groß die Steigung jedes Pixels sonst ist ({1}), und "
        "macht überall etwa gleich lange Schritte:"
    ),
    "The optimiser {0} does just that, with some of the step before ({1}):": (
        "Das Verfahren {0} tut genau das, mit etwas vom vorigen Schritt ({1}):"
    ),
    "It began with the picture that the fast network paints in one pass.": (
        "Es begann mit dem Bild, wie es das schnelle Netz in einem Durchgang malt."
    ),
    "It began with the photograph itself.": "Es begann mit dem Foto selbst.",
    "It began with white noise.": "Es begann mit weißem Rauschen.",
    "It began with noise in the painting's colours.": ("Es begann mit Rauschen in den Farben des Gemäldes."),
    "It was painted at one size.": "Es wurde in einer Größe gemalt.",
    "The losses before each step, each with its weight, on a logarithmic scale.": (
        "Die Verluste vor jedem Schritt, jeder samt seinem Gewicht, auf logarithmischer Skala."
    ),
    "{0} steps, {1} seconds.": "{0} Schritte, {1} Sekunden.",
    (
        "The papers begin with white noise, at one size. It takes more steps, and shows well what "
        "happens: colours first, then outlines, then strokes ({0} steps, here at {1} × {2})."
    ): (
        "Die Artikel beginnen mit weißem Rauschen, in einer Größe. Das braucht mehr Schritte und zeigt "
        "gut, was geschieht: erst Farben, dann Umrisse, dann Striche ({0} Schritte, hier bei {1} × {2})."
    ),
    (
        "The two choices that matter most are which layers the style is taken from, and how much the "
        "content counts against the style. To the right the photograph counts more and more; downwards, "
        "deeper layers join in."
    ): (
        "Am meisten kommt es darauf an, aus welchen Schichten der Stil genommen wird und wie viel der "
        "Inhalt gegenüber dem Stil zählt. Nach rechts zählt das Foto immer mehr; nach unten kommen "
        "tiefere Schichten hinzu."
    ),
    (
        "With the first layers only, the photograph is merely recoloured and grained. With all of them "
        "the painter's shapes appear. To the left, where the photograph counts least, they take over. "
        "There is no right answer, only the picture you want. After Gatys et al. 2015, figure 3."
    ): (
        "Nur mit den ersten Schichten wird das Foto bloß umgefärbt und gekörnt. Mit allen erscheinen die "
        "Formen des Malers. Links, wo das Foto am wenigsten zählt, gewinnen sie die Oberhand. Es gibt "
        "keine richtige Antwort, nur das Bild, das Sie möchten. Nach Gatys et al. 2015, Abbildung 3."
    ),
    (
        "The small pictures in sections 3, 4, 6 and 7 are drafts, painted with fewer steps, so that this "
        "page is done in minutes."
    ): (
        "Die kleinen Bilder der Abschnitte 3, 4, 6 und 7 sind Entwürfe, mit weniger Schritten gemalt, "
        "damit diese Seite in Minuten fertig ist."
    ),
    "part": "Teil",
    "weight": "Gewicht",
    "at first": "zuerst",
    "before the last step": "vor dem letzten Schritt",
    "The optimiser is {0}.": "Das Verfahren ist {0}.",
    "content loss": "Inhaltsverlust",
    "style loss": "Stilverlust",
    "level": "Stufe",
    "size": "Größe",
    "iterations": "Iterationen",
    "seconds": "Sekunden",
    (
        "It was painted at {0} sizes, from small to large: large shapes form where they are cheap, and "
        "at full size only strokes are left to do."
    ): (
        "Es wurde in {0} Größen gemalt, von klein nach groß: Große Formen entstehen, wo sie wenig "
        "kosten, und in voller Größe sind nur noch Striche zu tun."
    ),
    (
        "They jump where the picture grows (dotted): a larger picture shows detail that has not been "
        "painted yet."
    ): (
        "Sie springen, wo das Bild wächst (gepunktet): Ein größeres Bild zeigt Einzelheiten, die noch "
        "nicht gemalt sind."
    ),
    "noise turning into the painting": "Rauschen, das zum Gemälde wird",
    "Count the style ten times as much: {0}. Then a tenth.": (
        "Lassen Sie den Stil zehnmal so viel zählen: {0}. Dann ein Zehntel."
    ),
    "Begin with noise, at one size: {0}.": "Beginnen Sie mit Rauschen, in einer Größe: {0}.",
    (
        "Does the network have to know anything? {0} paints the same with one that has learnt nothing."
    ): "Muss das Netz überhaupt etwas wissen? {0} malt dasselbe mit einem, das nichts gelernt hat.",
    "Your picture, growing": "Wie Ihr Bild wächst",
    "The papers' way: from noise": "Der Weg der Artikel: aus Rauschen",
    "<b>step {0}</b>": "<b>Schritt {0}</b>",
    "<b>the beginning</b>": "<b>der Anfang</b>",
    "Take the style from the first two layers only: {0}.": (
        "Nehmen Sie den Stil nur aus den ersten beiden Schichten: {0}."
    ),
    "Things to try, and to ask yourself what will happen first:": (
        "Zum Ausprobieren, und um sich vorher zu fragen, was geschehen wird:"
    ),
    "The same picture again, on the same machine:": ("Dasselbe Bild noch einmal, auf demselben Rechner:"),
    "All {0} parameters": "Alle {0} Parameter",
    "The network and the programs": "Das Netz und die Programme",
    "after iteration {0}": "nach Iteration {0}",
    "from noise, iteration {0}": "aus Rauschen, Iteration {0}",
    "From noise to painting.": "Vom Rauschen zum Gemälde.",
    "Total": "Gesamt",
    "Content, by layer": "Inhalt, nach Schichten",
    "Style, by layer": "Stil, nach Schichten",
    "iteration": "Iteration",
    "Curves of the losses falling, by layer": "Kurven der sinkenden Verluste, nach Schichten",
    "what": "was",
    "value": "Wert",
    "parameter": "Parameter",
    "changed from": "geändert",
    "preset: {0}": "Voreinstellung: {0}",
    "none": "keine",
    "what the network is given": "was das Netz bekommt",
    "one layer from the one before": "eine Schicht aus der vorigen",
    "content loss, Gatys et al. 2016, equation 1": "Inhaltsverlust, Gatys et al. 2016, Gleichung 1",
    "relative content loss": "relativer Inhaltsverlust",
    "the Gram matrix": "die Gram-Matrix",
    "style loss, Gatys et al. 2016, equations 4 and 5": (
        "Stilverlust, Gatys et al. 2016, Gleichungen 4 und 5"
    ),
    "relative Gram loss": "relativer Gram-Verlust",
    "Wasserstein style loss": "Wasserstein-Stilverlust",
    "the total loss": "der gesamte Verlust",
    "one step of the optimiser": "ein Schritt des Verfahrens",
}
