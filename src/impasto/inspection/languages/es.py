"""The texts of the explanation page in Spanish, by the English ones."""

from __future__ import annotations

TEXTS = {
    (
        "Made by <code>impasto explain</code>. Everything on this page was computed on one machine from "
        "the two pictures at the top; nothing was sent anywhere, and the page loads nothing."
    ): (
        "Hecha con <code>impasto explain</code>. Todo lo que hay en esta página se ha calculado en una "
        "sola máquina a partir de las dos imágenes de arriba; no se ha enviado nada a ninguna parte, y "
        "la página no carga nada."
    ),
    (
        "A network that learnt to recognise things looks at your photograph and at the painting. A "
        "picture is then changed, step by step, until the network finds in it the <em>content</em> of "
        "the one and the <em>style</em> of the other. This page shows each part of that, on your two "
        "pictures."
    ): (
        "Una red que ha aprendido a reconocer cosas mira tu fotografía y el cuadro. Después se cambia "
        "una imagen, paso a paso, hasta que la red encuentra en ella el <em>contenido</em> de una y el "
        "<em>estilo</em> del otro. Esta página muestra cada parte de ello con tus dos imágenes."
    ),
    "a texture in the style of {0}": "una textura al estilo de {0}",
    "<b>Style</b>: {0}. A style file holds no picture; this texture was made from it.": (
        "<b>Estilo</b>: {0}. Un archivo de estilo no contiene ninguna imagen; esta textura se ha hecho a "
        "partir de él."
    ),
    "Pictures become numbers": "Las imágenes se vuelven números",
    "What the network sees": "Lo que ve la red",
    "Content: what is where": "El contenido: qué hay y dónde",
    "Style: what goes with what": "El estilo: qué va con qué",
    "Two wishes, one number": "Dos deseos, un número",
    "Downhill, step by step": "Cuesta abajo, paso a paso",
    "What if?": "¿Y si…?",
    "Every parameter": "Todos los parámetros",
    "Where this comes from": "De dónde viene esto",
    "{0} after {1}: how it was painted": "{0} según {1}: cómo se pintó",
    "How a computer paints": "Cómo pinta un ordenador",
    "{0}, after {1}": "{0}, según {1}",
    "A picture": "Una imagen",
    "<b>The result</b>, painted in {0} seconds": "<b>El resultado</b>, pintado en {0} segundos",
    "<b>Content</b>: {0}": "<b>Contenido</b>: {0}",
    "On this page": "En esta página",
    "<b>Style</b>: {0}": "<b>Estilo</b>: {0}",
    "the result": "el resultado",
    "the photograph": "la fotografía",
    "the painting": "el cuadro",
    "red": "rojo",
    "green": "verde",
    "blue": "azul",
    (
        "To a computer a picture is a table of numbers: your photograph has {0} × {1} pixels with three "
        "numbers each, how much red, green and blue, from 0 to 1. It is made smaller first (here to {2} "
        "× {3} for painting, and {4} × {5} for the looks inside), since every step costs time for every "
        "pixel."
    ): (
        "Para un ordenador, una imagen es una tabla de números: tu fotografía tiene {0} × {1} píxeles "
        "con tres números cada uno, cuánto rojo, verde y azul, de 0 a 1. Primero se reduce (aquí a {2} × "
        "{3} para pintar y a {4} × {5} para mirar dentro), porque cada paso cuesta tiempo por cada píxel."
    ),
    (
        "A network wants its numbers centred around zero, the way it had them when it learnt. So each "
        "value {0} is scaled, and the average it was trained around is taken off:"
    ): (
        "Una red quiere números centrados en el cero, como los tenía cuando aprendió. Por eso cada valor "
        "{0} se escala, y se le resta la media en torno a la cual se entrenó:"
    ),
    (
        "The colour {0} is what becomes exactly zero, and looks like nothing to the network. This, and "
        "the order {1}, must match how the network was trained; nothing else is done to the picture."
    ): (
        "El color {0} es el que se vuelve exactamente cero, y a la red no le parece nada. Esto, y el "
        "orden {1}, deben corresponder a cómo se entrenó la red; con la imagen no se hace nada más."
    ),
    (
        "The network, {0}, {1}. It is a stack of layers. Each slides many small filters over what came "
        "before; a filter answers strongly where it finds what it looks for. With filters {2} and a "
        "rectifier {3} that {4}:"
    ): (
        "La red {0} {1}. Es una pila de capas. Cada una desliza muchos filtros pequeños sobre lo que la "
        "precede; un filtro responde con fuerza donde encuentra lo que busca. Con filtros {2} y un "
        "rectificador {3} que {4}:"
    ),
    (
        "One filter's answers, place by place, are a <em>feature map</em>. Every few layers the maps are "
        "halved in size, so that each place of the next one stands for a larger piece of the photograph. "
        "That is all there is to it: deep layers know about large things because they see large pieces."
    ): (
        "Las respuestas de un filtro, lugar por lugar, son un <em>mapa de características</em>. Cada "
        "pocas capas, el tamaño de los mapas se reduce a la mitad, de modo que cada lugar del siguiente "
        "representa un trozo mayor de la fotografía. Eso es todo: las capas profundas saben de cosas "
        "grandes porque ven trozos grandes."
    ),
    (
        "Left: how much of the photograph a single place of that layer sees. Then the mean of all maps, "
        "laid over the photograph, and the four maps whose answers differ most from place to place."
    ): (
        "A la izquierda: cuánto de la fotografía ve un solo lugar de esa capa. Después, la media de "
        "todos los mapas, puesta sobre la fotografía, y los cuatro mapas cuyas respuestas más varían de "
        "un lugar a otro."
    ),
    (
        "Read it from top to bottom. The first layer answers to colours and edges, pixel by pixel. In "
        "the middle there are textures and corners. At {0} a place sees {1}, and answers to parts of "
        "things: it has given up knowing exactly where."
    ): (
        "Léelo de arriba abajo. La primera capa responde a colores y bordes, píxel a píxel. En medio hay "
        "texturas y esquinas. En {0}, un lugar ve {1} y responde a partes de cosas: ha renunciado a "
        "saber exactamente dónde están."
    ),
    (
        "The first layer can be looked at directly: its {0} filters are 3 × 3 pixels each. Some like one "
        "colour, some like an edge in one direction. All that follows is built from these."
    ): (
        "La primera capa puede mirarse directamente: sus {0} filtros son de 3 × 3 píxeles. A unos les "
        "gusta un color, a otros un borde en una dirección. Todo lo que sigue se construye con ellos."
    ),
    "was trained to recognise things in photographs": "se entrenó para reconocer cosas en fotografías",
    "turns down what is below zero (a share of {0} is let through)": (
        "atenúa lo que está por debajo de cero (deja pasar una parte de {0})"
    ),
    (
        "“Silent” are answers of zero or less. At {0} nearly all are, and still the maps say something: "
        "the share that is let through differs from place to place."
    ): (
        "Son «mudas» las respuestas de cero o menos. En {0} lo son casi todas, y aun así los mapas dicen "
        "algo: la parte que pasa varía de un lugar a otro."
    ),
    "{0} maps of {1} × {2}, {3} silent": "{0} mapas de {1} × {2}, {3} mudos",
    (
        "Which of these answers say <em>what is in the picture</em>? Here is an experiment: begin with "
        "white noise and change it until <em>one</em> layer answers to it as it did to your photograph. "
        "Whatever that layer knows must come back; what it does not know stays noise."
    ): (
        "¿Cuáles de estas respuestas dicen <em>qué hay en la imagen</em>? Un experimento: empezar con "
        "ruido blanco y cambiarlo hasta que <em>una</em> capa le responda como a tu fotografía. Lo que "
        "esa capa sabe tiene que volver; lo que no sabe sigue siendo ruido."
    ),
    (
        "The first layers give the photograph back almost pixel by pixel. Deeper ones keep what is "
        "where, the outlines and the things, and let go of exact colours and textures. That freedom is "
        "what a painter needs: so <em>content</em> is taken from deep layers, here {0}. With {1} the "
        "answers to the painting in progress and {2} those to the photograph, Gatys, Ecker and Bethge "
        "write:"
    ): (
        "Las primeras capas devuelven la fotografía casi píxel a píxel. Las más profundas conservan qué "
        "hay y dónde, los contornos y las cosas, y renuncian a los colores y texturas exactos. Esa "
        "libertad es la que necesita un pintor: por eso el <em>contenido</em> se toma de capas "
        "profundas, aquí {0}. Si {1} son las respuestas a la imagen en curso y {2} las de la fotografía, "
        "Gatys, Ecker y Bethge escriben:"
    ),
    (
        "Impasto divides by the size of the photograph's own answers, so that 0 is “the same” and 1 is "
        "“nothing of it”, whatever the layer or the network:"
    ): (
        "Impasto divide por el tamaño de las respuestas a la propia fotografía, de modo que 0 es «lo "
        "mismo» y 1 es «nada de ello», sea cual sea la capa o la red:"
    ),
    "This painting used the variant {0}.": "En esta imagen se usó la variante {0}.",
    (
        "And how is <em>style</em> to be said in numbers? Not by what is where. A style is what goes "
        "with what: this blue with that kind of swirl, this line with that edge, <em>anywhere</em>. So "
        "multiply the maps of a layer with each other, pair by pair, and average over all {0} places. "
        "The result is the <em>Gram matrix</em>:"
    ): (
        "¿Y cómo se dice el <em>estilo</em> con números? No por lo que hay y dónde. Un estilo es qué va "
        "con qué: este azul con aquella clase de remolino, esta línea con aquel borde, <em>en cualquier "
        "sitio</em>. Así que se multiplican entre sí los mapas de una capa, de dos en dos, y se promedia "
        "sobre los {0} lugares. El resultado es la <em>matriz de Gram</em>:"
    ),
    "Place {0} is summed away. To see that this is really so, we shuffled all places of {1}:": (
        "El lugar {0} desaparece en la suma. Para comprobarlo, hemos barajado todos los lugares de {1}:"
    ),
    (
        "The content loss says the two have little in common ({0}; unrelated maps have 1 or more). The "
        "Gram matrix changed by {1} of its size: to style, they are the same picture."
    ): (
        "Según la pérdida de contenido, los dos tienen poco en común ({0}; los mapas sin relación tienen "
        "1 o más). La matriz de Gram cambió en {1} de su tamaño: para el estilo son la misma imagen."
    ),
    (
        "Each square is one pair of maps; the square root of the value is shown, so that small ones can "
        "be seen. Distances are between 0, the same, and 1."
    ): (
        "Cada cuadrado es un par de mapas; se muestra la raíz cuadrada del valor, para que se vean los "
        "pequeños. Las distancias están entre 0, iguales, y 1."
    ),
    (
        "The same experiment as before: begin with noise, and ask for the painting's means and Gram "
        "matrices at the first layer only, then at the first two, and so on. How far they are is "
        "measured by the Wasserstein distance: it is 0 where both agree, and gets near in fewer steps "
        "than the paper's."
    ): (
        "El mismo experimento de antes: empezar con ruido y pedir las medias y las matrices de Gram del "
        "cuadro solo en la primera capa, luego en las dos primeras, y así sucesivamente. Cuánto distan "
        "se mide con la distancia de Wasserstein: es 0 donde ambas coinciden, y se acerca en menos pasos "
        "que la del artículo."
    ),
    (
        "One layer gives specks in the right colours. With each layer the pattern grows in scale: "
        "strokes, then swirls, then pieces that look like the painting torn up and rearranged. Nothing "
        "is where it was, and still you would know whose it is."
    ): (
        "Una capa da motas de los colores justos. Con cada capa el motivo crece: pinceladas, luego "
        "remolinos, luego trozos que parecen el cuadro roto y recompuesto. Nada está donde estaba, y aun "
        "así se sabría de quién es."
    ),
    (
        "With {0} the painting's Gram matrices and {1} those of the picture in progress, the paper's "
        "style loss is a weighted sum over layers:"
    ): (
        "Si {0} son las matrices de Gram del cuadro y {1} las de la imagen en curso, la pérdida de "
        "estilo del artículo es una suma ponderada sobre las capas:"
    ),
    "weakest": "lo más débil",
    "strongest": "lo más fuerte",
    "below 0": "menos de 0",
    "above 0": "más de 0",
    "{0} × {1} pixels": "{0} × {1} píxeles",
    "layer": "capa",
    "size of a map": "tamaño de un mapa",
    "maps": "mapas",
    "pixels apart": "píxeles de separación",
    "sees, in pixels": "ve, en píxeles",
    "mean": "media",
    "silent": "mudo",
    "has learnt nothing: its filters are random numbers": (
        "no ha aprendido nada: sus filtros son números al azar"
    ),
    (
        "a VGG-19 in miniature, was trained to answer to photographs as a VGG-19 does, which was trained "
        "to recognise things in them"
    ): (
        "es una VGG-19 en miniatura, entrenada para responder a las fotografías como una VGG-19, que se "
        "entrenó para reconocer cosas en ellas"
    ),
    "silences what is below zero": "silencia lo que está por debajo de cero",
    "all of it": "todo",
    (
        "This painting used a finer distance. Mean and Gram matrix describe a layer's answers as a cloud "
        "of points; with means {0}, {1} and covariances {2}, {3} of the two clouds, the "
        "<em>Wasserstein</em> distance says how far one must be moved to become the other. It is divided "
        "by the size of the painting's own:"
    ): (
        "En esta imagen se usó una distancia más fina. La media y la matriz de Gram describen las "
        "respuestas de una capa como una nube de puntos; con las medias {0}, {1} y las covarianzas {2}, "
        "{3} de las dos nubes, la distancia de <em>Wasserstein</em> dice cuánto hay que mover una para "
        "que sea la otra. Se divide por el tamaño de la nube del cuadro:"
    ),
    "nothing at all": "nada en absoluto",
    "the photograph, made smaller": "la fotografía, reducida",
    "the whole picture": "la imagen entera",
    "The layers, and what they answer to your photograph": ("Las capas, y lo que responden a tu fotografía"),
    "filter {0}": "filtro {0}",
    "The first filters, as they are": "Los primeros filtros, tal como son",
    "<b>sees</b> {0}": "<b>ve</b> {0}",
    "<b>mean</b> of all maps": "<b>media</b> de todos los mapas",
    "map {0}": "mapa {0}",
    "<b>your photograph</b>": "<b>tu fotografía</b>",
    "<b>{0}</b> loss {1}": "<b>{0}</b> pérdida {1}",
    "<b>{0}</b> in order": "<b>{0}</b> en orden",
    "<b>shuffled</b>": "<b>barajado</b>",
    "Gram matrices of your pictures": "Las matrices de Gram de tus imágenes",
    "The painting's style, and nothing else": "El estilo del cuadro, y nada más",
    "This painting divided it by the size of the painting's own:": (
        "En esta imagen se dividió por el tamaño de la matriz del cuadro:"
    ),
    "The layers here: {0}.": "Las capas, aquí: {0}.",
    "<b>photograph</b>, {0} from the painting's": "<b>fotografía</b>, a {0} del cuadro",
    "<b>painting</b> at {0}": "<b>cuadro</b> en {0}",
    "<b>result</b>, {0} from the painting's": "<b>resultado</b>, a {0} del cuadro",
    "the values of {0}": "los valores de {0}",
    "everything": "todo",
    "what one place of {0} sees": "lo que ve un lugar de {0}",
    "mean of {0}": "media de {0}",
    "map {0} of {1}": "mapa {0} de {1}",
    "reconstruction from {0}": "reconstrucción a partir de {0}",
    "<b>the painting</b>": "<b>el cuadro</b>",
    "texture from {0}": "textura a partir de {0}",
    "before": "antes",
    "after": "después",
    "Gram matrix of the photograph at {0}": "matriz de Gram de la fotografía en {0}",
    "Gram matrix of the painting at {0}": "matriz de Gram del cuadro en {0}",
    "Gram matrix of the result at {0}": "matriz de Gram del resultado en {0}",
    "content": "contenido",
    "style": "estilo",
    "total": "total",
    "smooth": "suavidad",
    (
        "Now both wishes become one number. The smaller it is, the better the picture is at once the "
        "photograph and the painting:"
    ): (
        "Ahora los dos deseos se vuelven un solo número. Cuanto menor es, mejor es la imagen a la vez la "
        "fotografía y el cuadro:"
    ),
    (
        "The weights {0} and {1} say how much each counts; the layers of the style share its weight, "
        "those of the content have each its own. These are the parts for your picture, each with its "
        "weight in it:"
    ): (
        "Los pesos {0} y {1} dicen cuánto cuenta cada uno; las capas del estilo se reparten su peso, las "
        "del contenido tienen cada una el suyo. Estas son las partes para tu imagen, cada una con su "
        "peso incluido:"
    ),
    (
        "The network stays as it is. What changes is the <em>picture</em>. Running the network backwards "
        "says, for each pixel, which way and how much to change it so that the loss falls: the gradient. "
        "Then take a small step that way, and look again. {0}"
    ): (
        "La red se queda como está. Lo que cambia es la <em>imagen</em>. Recorrida hacia atrás, la red "
        "dice, para cada píxel, hacia dónde y cuánto cambiarlo para que baje la pérdida: el gradiente. "
        "Se da entonces un pequeño paso en esa dirección y se vuelve a mirar. {0}"
    ),
    (
        "The optimiser {0} also remembers how the slope changed in its last steps ({1}), and so takes "
        "better ones:"
    ): (
        "El optimizador {0} recuerda además cómo cambió la pendiente en sus últimos pasos ({1}), y así "
        "los da mejores:"
    ),
    (
        "The optimiser {0} also remembers how large each pixel's slope usually is ({1}), and takes steps "
        "of about the same length everywhere:"
    ): (
        "El optimizador {0} recuerda además lo grande que suele ser la pendiente de cada píxel ({1}), y "
        "da en todas partes pasos de longitud parecida:"
    ),
    "The optimiser {0} does just that, with some of the step before ({1}):": (
        "El optimizador {0} hace justo eso, con algo del paso anterior ({1}):"
    ),
    "It began with the picture that the fast network paints in one pass.": (
        "Empezó con la imagen que la red rápida pinta de una pasada."
    ),
    "It began with the photograph itself.": "Empezó con la propia fotografía.",
    "It began with white noise.": "Empezó con ruido blanco.",
    "It began with noise in the painting's colours.": "Empezó con ruido de los colores del cuadro.",
    "It was painted at one size.": "Se pintó en un solo tamaño.",
    "The losses before each step, each with its weight, on a logarithmic scale.": (
        "Las pérdidas antes de cada paso, cada una con su peso, en escala logarítmica."
    ),
    "{0} steps, {1} seconds.": "{0} pasos, {1} segundos.",
    (
        "The papers begin with white noise, at one size. It takes more steps, and shows well what "
        "happens: colours first, then outlines, then strokes ({0} steps, here at {1} × {2})."
    ): (
        "Los artículos empiezan con ruido blanco, en un solo tamaño. Hacen falta más pasos, y se ve bien "
        "lo que ocurre: primero los colores, luego los contornos, luego las pinceladas ({0} pasos, aquí "
        "con {1} × {2})."
    ),
    (
        "The two choices that matter most are which layers the style is taken from, and how much the "
        "content counts against the style. To the right the photograph counts more and more; downwards, "
        "deeper layers join in."
    ): (
        "Las dos elecciones que más importan son de qué capas se toma el estilo y cuánto cuenta el "
        "contenido frente al estilo. Hacia la derecha la fotografía cuenta cada vez más; hacia abajo se "
        "suman capas más profundas."
    ),
    (
        "With the first layers only, the photograph is merely recoloured and grained. With all of them "
        "the painter's shapes appear. To the left, where the photograph counts least, they take over. "
        "There is no right answer, only the picture you want. After Gatys et al. 2015, figure 3."
    ): (
        "Con solo las primeras capas, la fotografía apenas cambia de color y de grano. Con todas "
        "aparecen las formas del pintor. A la izquierda, donde menos cuenta la fotografía, se imponen. "
        "No hay respuesta correcta, solo la imagen que quieres. Según Gatys et al. 2015, figura 3."
    ),
    (
        "The small pictures in sections 3, 4, 6 and 7 are drafts, painted with fewer steps, so that this "
        "page is done in minutes."
    ): (
        "Las imágenes pequeñas de las secciones 3, 4, 6 y 7 son bocetos, pintados con menos pasos, para "
        "que esta página esté lista en minutos."
    ),
    "part": "parte",
    "weight": "peso",
    "at first": "al principio",
    "before the last step": "antes del último paso",
    "The optimiser is {0}.": "El optimizador es {0}.",
    "content loss": "pérdida de contenido",
    "style loss": "pérdida de estilo",
    "level": "nivel",
    "size": "tamaño",
    "iterations": "iteraciones",
    "seconds": "segundos",
    (
        "It was painted at {0} sizes, from small to large: large shapes form where they are cheap, and "
        "at full size only strokes are left to do."
    ): (
        "Se pintó en {0} tamaños, de menor a mayor: las formas grandes surgen donde cuestan poco, y a "
        "tamaño completo solo quedan las pinceladas."
    ),
    (
        "They jump where the picture grows (dotted): a larger picture shows detail that has not been "
        "painted yet."
    ): (
        "Saltan donde crece la imagen (líneas de puntos): una imagen mayor muestra detalles que aún no "
        "se han pintado."
    ),
    "noise turning into the painting": "ruido que se convierte en el cuadro",
    "Count the style ten times as much: {0}. Then a tenth.": (
        "Haz que el estilo cuente diez veces más: {0}. Después, una décima parte."
    ),
    "Begin with noise, at one size: {0}.": "Empieza con ruido, en un solo tamaño: {0}.",
    (
        "Does the network have to know anything? {0} paints the same with one that has learnt nothing."
    ): "¿Tiene que saber algo la red? {0} pinta lo mismo con una que no ha aprendido nada.",
    "Your picture, growing": "Cómo crece tu imagen",
    "The papers' way: from noise": "El camino de los artículos: desde el ruido",
    "<b>step {0}</b>": "<b>paso {0}</b>",
    "<b>the beginning</b>": "<b>el principio</b>",
    "Take the style from the first two layers only: {0}.": (
        "Toma el estilo solo de las dos primeras capas: {0}."
    ),
    "Things to try, and to ask yourself what will happen first:": (
        "Cosas que probar, preguntándose antes qué va a pasar:"
    ),
    "The same picture again, on the same machine:": "La misma imagen otra vez, en la misma máquina:",
    "All {0} parameters": "Los {0} parámetros",
    "The network and the programs": "La red y los programas",
    "after iteration {0}": "tras la iteración {0}",
    "from noise, iteration {0}": "desde el ruido, iteración {0}",
    "From noise to painting.": "Del ruido al cuadro.",
    "Total": "Total",
    "Content, by layer": "Contenido, por capa",
    "Style, by layer": "Estilo, por capa",
    "iteration": "iteración",
    "Curves of the losses falling, by layer": "Curvas de las pérdidas al bajar, por capa",
    "what": "qué",
    "value": "valor",
    "parameter": "parámetro",
    "changed from": "cambiado",
    "preset: {0}": "ajuste previo: {0}",
    "none": "ninguno",
    "what the network is given": "lo que recibe la red",
    "one layer from the one before": "una capa a partir de la anterior",
    "content loss, Gatys et al. 2016, equation 1": ("pérdida de contenido, Gatys et al. 2016, ecuación 1"),
    "relative content loss": "pérdida de contenido relativa",
    "the Gram matrix": "la matriz de Gram",
    "style loss, Gatys et al. 2016, equations 4 and 5": (
        "pérdida de estilo, Gatys et al. 2016, ecuaciones 4 y 5"
    ),
    "relative Gram loss": "pérdida de Gram relativa",
    "Wasserstein style loss": "pérdida de estilo de Wasserstein",
    "the total loss": "la pérdida total",
    "one step of the optimiser": "un paso del optimizador",
}
