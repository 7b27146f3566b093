"""The texts of the explanation page in French, by the English ones."""

from __future__ import annotations

TEXTS = {
    (
        "Made by <code>impasto explain</code>. Everything on this page was computed on one machine from "
        "the two pictures at the top; nothing was sent anywhere, and the page loads nothing."
    ): (
        "Créée par <code>impasto explain</code>. Tout ce que montre cette page a été calculé sur une "
        "seule machine à partir des deux images du haut ; rien n’a été envoyé où que ce soit, et la page "
        "ne charge rien."
    ),
    (
        "A network that learnt to recognise things looks at your photograph and at the painting. A "
        "picture is then changed, step by step, until the network finds in it the <em>content</em> of "
        "the one and the <em>style</em> of the other. This page shows each part of that, on your two "
        "pictures."
    ): (
        "Un réseau qui a appris à reconnaître des choses regarde votre photo et le tableau. Une image "
        "est ensuite modifiée, pas à pas, jusqu’à ce que le réseau y trouve le <em>contenu</em> de l’une "
        "et le <em>style</em> de l’autre. Cette page en montre chaque étape, sur vos deux images."
    ),
    "a texture in the style of {0}": "une texture dans le style de {0}",
    "<b>Style</b>: {0}. A style file holds no picture; this texture was made from it.": (
        "<b>Style</b> : {0}. Un fichier de style ne contient pas d’image ; cette texture en a été tirée."
    ),
    "Pictures become numbers": "Les images deviennent des nombres",
    "What the network sees": "Ce que voit le réseau",
    "Content: what is where": "Le contenu : quoi se trouve où",
    "Style: what goes with what": "Le style : quoi va avec quoi",
    "Two wishes, one number": "Deux souhaits, un nombre",
    "Downhill, step by step": "La descente, pas à pas",
    "What if?": "Et si ?",
    "Every parameter": "Tous les paramètres",
    "Where this comes from": "D’où cela vient",
    "{0} after {1}: how it was painted": "{0} d’après {1} : comment l’image a été peinte",
    "How a computer paints": "Comment un ordinateur peint",
    "{0}, after {1}": "{0}, d’après {1}",
    "A picture": "Une image",
    "<b>The result</b>, painted in {0} seconds": "<b>Le résultat</b>, peint en {0} secondes",
    "<b>Content</b>: {0}": "<b>Contenu</b> : {0}",
    "On this page": "Sur cette page",
    "<b>Style</b>: {0}": "<b>Style</b> : {0}",
    "the result": "le résultat",
    "the photograph": "la photo",
    "the painting": "le tableau",
    "red": "rouge",
    "green": "vert",
    "blue": "bleu",
    (
        "To a computer a picture is a table of numbers: your photograph has {0} × {1} pixels with three "
        "numbers each, how much red, green and blue, from 0 to 1. It is made smaller first (here to {2} "
        "× {3} for painting, and {4} × {5} for the looks inside), since every step costs time for every "
        "pixel."
    ): (
        "Pour un ordinateur, une image est un tableau de nombres : votre photo a {0} × {1} pixels de "
        "trois nombres chacun, les quantités de rouge, de vert et de bleu, de 0 à 1. Elle est d’abord "
        "réduite (ici à {2} × {3} pour peindre, et à {4} × {5} pour regarder à l’intérieur), car chaque "
        "pas coûte du temps pour chaque pixel."
    ),
    (
        "A network wants its numbers centred around zero, the way it had them when it learnt. So each "
        "value {0} is scaled, and the average it was trained around is taken off:"
    ): (
        "Un réseau veut des nombres centrés sur zéro, comme lorsqu’il a appris. Chaque valeur {0} est "
        "donc mise à l’échelle, et l’on retire la moyenne autour de laquelle il a été entraîné :"
    ),
    (
        "The colour {0} is what becomes exactly zero, and looks like nothing to the network. This, and "
        "the order {1}, must match how the network was trained; nothing else is done to the picture."
    ): (
        "La couleur {0} devient exactement zéro, et ne ressemble à rien pour le réseau. Cela, de même "
        "que l’ordre {1}, doit correspondre à l’entraînement du réseau ; rien d’autre n’est fait à "
        "l’image."
    ),
    (
        "The network, {0}, {1}. It is a stack of layers. Each slides many small filters over what came "
        "before; a filter answers strongly where it finds what it looks for. With filters {2} and a "
        "rectifier {3} that {4}:"
    ): (
        "Le réseau {0} {1}. C’est un empilement de couches. Chacune fait glisser de nombreux petits "
        "filtres sur ce qui la précède ; un filtre répond fortement là où il trouve ce qu’il cherche. "
        "Avec des filtres {2} et un redresseur {3} qui {4} :"
    ),
    (
        "One filter's answers, place by place, are a <em>feature map</em>. Every few layers the maps are "
        "halved in size, so that each place of the next one stands for a larger piece of the photograph. "
        "That is all there is to it: deep layers know about large things because they see large pieces."
    ): (
        "Les réponses d’un filtre, endroit par endroit, forment une <em>carte de caractéristiques</em>. "
        "Toutes les quelques couches, la taille des cartes est divisée par deux, si bien que chaque "
        "endroit de la suivante représente un plus grand morceau de la photo. Ce n’est rien de plus : "
        "les couches profondes connaissent les grandes choses parce qu’elles voient de grands morceaux."
    ),
    (
        "Left: how much of the photograph a single place of that layer sees. Then the mean of all maps, "
        "laid over the photograph, and the four maps whose answers differ most from place to place."
    ): (
        "À gauche : quelle part de la photo voit un seul endroit de cette couche. Puis la moyenne de "
        "toutes les cartes, posée sur la photo, et les quatre cartes dont les réponses varient le plus "
        "d’un endroit à l’autre."
    ),
    (
        "Read it from top to bottom. The first layer answers to colours and edges, pixel by pixel. In "
        "the middle there are textures and corners. At {0} a place sees {1}, and answers to parts of "
        "things: it has given up knowing exactly where."
    ): (
        "À lire de haut en bas. La première couche répond aux couleurs et aux contours, pixel par pixel. "
        "Au milieu viennent textures et angles. À {0}, un endroit voit {1}, et répond à des parties de "
        "choses : il a renoncé à savoir exactement où."
    ),
    (
        "The first layer can be looked at directly: its {0} filters are 3 × 3 pixels each. Some like one "
        "colour, some like an edge in one direction. All that follows is built from these."
    ): (
        "La première couche se laisse regarder directement : ses {0} filtres font 3 × 3 pixels chacun. "
        "Certains aiment une couleur, d’autres un contour dans une direction. Tout ce qui suit en est "
        "construit."
    ),
    "was trained to recognise things in photographs": (
        "a été entraîné à reconnaître des choses sur des photos"
    ),
    "turns down what is below zero (a share of {0} is let through)": (
        "atténue ce qui est au-dessous de zéro (une part de {0} passe)"
    ),
    (
        "“Silent” are answers of zero or less. At {0} nearly all are, and still the maps say something: "
        "the share that is let through differs from place to place."
    ): (
        "Les réponses nulles ou négatives sont « muettes ». À {0}, presque toutes le sont, et pourtant "
        "les cartes disent quelque chose : la part qui passe varie d’un endroit à l’autre."
    ),
    "{0} maps of {1} × {2}, {3} silent": "{0} cartes de {1} × {2}, {3} muettes",
    (
        "Which of these answers say <em>what is in the picture</em>? Here is an experiment: begin with "
        "white noise and change it until <em>one</em> layer answers to it as it did to your photograph. "
        "Whatever that layer knows must come back; what it does not know stays noise."
    ): (
        "Lesquelles de ces réponses disent <em>ce qu’il y a sur l’image</em> ? Une expérience : partir "
        "d’un bruit blanc et le modifier jusqu’à ce qu’<em>une</em> couche y réponde comme à votre "
        "photo. Ce que cette couche sait doit revenir ; ce qu’elle ignore reste du bruit."
    ),
    (
        "The first layers give the photograph back almost pixel by pixel. Deeper ones keep what is "
        "where, the outlines and the things, and let go of exact colours and textures. That freedom is "
        "what a painter needs: so <em>content</em> is taken from deep layers, here {0}. With {1} the "
        "answers to the painting in progress and {2} those to the photograph, Gatys, Ecker and Bethge "
        "write:"
    ): (
        "Les premières couches rendent la photo presque pixel par pixel. Les plus profondes gardent ce "
        "qui est où, les contours et les choses, et abandonnent les couleurs et les textures exactes. "
        "C’est la liberté dont un peintre a besoin : le <em>contenu</em> est donc pris dans des couches "
        "profondes, ici {0}. Si {1} sont les réponses à l’image en cours et {2} celles à la photo, "
        "Gatys, Ecker et Bethge écrivent :"
    ),
    (
        "Impasto divides by the size of the photograph's own answers, so that 0 is “the same” and 1 is "
        "“nothing of it”, whatever the layer or the network:"
    ): (
        "Impasto divise par la taille des réponses à la photo, si bien que 0 veut dire « la même » et 1 "
        "« rien d’elle », quels que soient la couche et le réseau :"
    ),
    "This painting used the variant {0}.": "Cette image a été peinte avec la variante {0}.",
    (
        "And how is <em>style</em> to be said in numbers? Not by what is where. A style is what goes "
        "with what: this blue with that kind of swirl, this line with that edge, <em>anywhere</em>. So "
        "multiply the maps of a layer with each other, pair by pair, and average over all {0} places. "
        "The result is the <em>Gram matrix</em>:"
    ): (
        "Et comment dire le <em>style</em> en nombres ? Non par ce qui est où. Un style, c’est ce qui va "
        "avec quoi : ce bleu avec cette sorte de tourbillon, cette ligne avec ce contour, <em>n’importe "
        "où</em>. On multiplie donc les cartes d’une couche entre elles, deux à deux, et l’on fait la "
        "moyenne sur tous les {0} endroits. Le résultat est la <em>matrice de Gram</em> :"
    ),
    "Place {0} is summed away. To see that this is really so, we shuffled all places of {1}:": (
        "L’endroit {0} disparaît dans la somme. Pour le voir, nous avons mélangé tous les endroits de {1} :"
    ),
    (
        "The content loss says the two have little in common ({0}; unrelated maps have 1 or more). The "
        "Gram matrix changed by {1} of its size: to style, they are the same picture."
    ): (
        "D’après la perte de contenu, les deux n’ont guère en commun ({0} ; des cartes sans rapport ont "
        "1 ou plus). La matrice de Gram a changé de {1} de sa taille : pour le style, c’est la même "
        "image."
    ),
    (
        "Each square is one pair of maps; the square root of the value is shown, so that small ones can "
        "be seen. Distances are between 0, the same, and 1."
    ): (
        "Chaque carré est une paire de cartes ; on montre la racine carrée de la valeur, pour que les "
        "petites se voient. Les distances vont de 0, identiques, à 1."
    ),
    (
        "The same experiment as before: begin with noise, and ask for the painting's means and Gram "
        "matrices at the first layer only, then at the first two, and so on. How far they are is "
        "measured by the Wasserstein distance: it is 0 where both agree, and gets near in fewer steps "
        "than the paper's."
    ): (
        "La même expérience qu’avant : partir d’un bruit, et demander les moyennes et les matrices de "
        "Gram du tableau à la première couche seulement, puis aux deux premières, et ainsi de suite. "
        "L’écart est mesuré par la distance de Wasserstein : elle vaut 0 quand tout concorde, et s’en "
        "approche en moins de pas que celle de l’article."
    ),
    (
        "One layer gives specks in the right colours. With each layer the pattern grows in scale: "
        "strokes, then swirls, then pieces that look like the painting torn up and rearranged. Nothing "
        "is where it was, and still you would know whose it is."
    ): (
        "Une couche donne des taches aux bonnes couleurs. À chaque couche le motif grandit : des "
        "touches, puis des tourbillons, puis des morceaux qui ressemblent au tableau déchiré et "
        "recomposé. Rien n’est où il était, et pourtant on saurait de qui il est."
    ),
    (
        "With {0} the painting's Gram matrices and {1} those of the picture in progress, the paper's "
        "style loss is a weighted sum over layers:"
    ): (
        "Si {0} sont les matrices de Gram du tableau et {1} celles de l’image en cours, la perte de "
        "style de l’article est une somme pondérée sur les couches :"
    ),
    "weakest": "le plus faible",
    "strongest": "le plus fort",
    "below 0": "au-dessous de 0",
    "above 0": "au-dessus de 0",
    "{0} × {1} pixels": "{0} × {1} pixels",
    "layer": "couche",
    "size of a map": "taille d’une carte",
    "maps": "cartes",
    "pixels apart": "pixels d’écart",
    "sees, in pixels": "voit, en pixels",
    "mean": "moyenne",
    "silent": "muettes",
    "has learnt nothing: its filters are random numbers": (
        "n’a rien appris : ses filtres sont des nombres au hasard"
    ),
    (
        "a VGG-19 in miniature, was trained to answer to photographs as a VGG-19 does, which was trained "
        "to recognise things in them"
    ): (
        "est un VGG-19 en miniature, entraîné à répondre aux photos comme un VGG-19, lui-même entraîné à "
        "y reconnaître des choses"
    ),
    "silences what is below zero": "fait taire ce qui est au-dessous de zéro",
    "all of it": "tout",
    (
        "This painting used a finer distance. Mean and Gram matrix describe a layer's answers as a cloud "
        "of points; with means {0}, {1} and covariances {2}, {3} of the two clouds, the "
        "<em>Wasserstein</em> distance says how far one must be moved to become the other. It is divided "
        "by the size of the painting's own:"
    ): (
        "Cette image a été peinte avec une distance plus fine. La moyenne et la matrice de Gram "
        "décrivent les réponses d’une couche comme un nuage de points ; avec les moyennes {0}, {1} et "
        "les covariances {2}, {3} des deux nuages, la distance de <em>Wasserstein</em> dit de combien il "
        "faut déplacer l’un pour qu’il devienne l’autre. Elle est divisée par la taille du nuage du "
        "tableau :"
    ),
    "nothing at all": "rien du tout",
    "the photograph, made smaller": "la photo, réduite",
    "the whole picture": "toute l’image",
    "The layers, and what they answer to your photograph": (
        "Les couches, et ce qu’elles répondent à votre photo"
    ),
    "filter {0}": "filtre {0}",
    "The first filters, as they are": "Les premiers filtres, tels quels",
    "<b>sees</b> {0}": "<b>voit</b> {0}",
    "<b>mean</b> of all maps": "<b>moyenne</b> de toutes les cartes",
    "map {0}": "carte {0}",
    "<b>your photograph</b>": "<b>votre photo</b>",
    "<b>{0}</b> loss {1}": "<b>{0}</b> perte {1}",
    "<b>{0}</b> in order": "<b>{0}</b> en ordre",
    "<b>shuffled</b>": "<b>mélangée</b>",
    "Gram matrices of your pictures": "Les matrices de Gram de vos images",
    "The painting's style, and nothing else": "Le style du tableau, et rien d’autre",
    "This painting divided it by the size of the painting's own:": (
        "Pour cette image, elle a été divisée par la taille de la matrice du tableau :"
    ),
    "The layers here: {0}.": "Les couches ici : {0}.",
    "<b>photograph</b>, {0} from the painting's": "<b>photo</b>, à {0} du tableau",
    "<b>painting</b> at {0}": "<b>tableau</b> à {0}",
    "<b>result</b>, {0} from the painting's": "<b>résultat</b>, à {0} du tableau",
    "the values of {0}": "les valeurs de {0}",
    "everything": "tout",
    "what one place of {0} sees": "ce que voit un endroit de {0}",
    "mean of {0}": "moyenne de {0}",
    "map {0} of {1}": "carte {0} de {1}",
    "reconstruction from {0}": "reconstruction à partir de {0}",
    "<b>the painting</b>": "<b>le tableau</b>",
    "texture from {0}": "texture à partir de {0}",
    "before": "avant",
    "after": "après",
    "Gram matrix of the photograph at {0}": "matrice de Gram de la photo à {0}",
    "Gram matrix of the painting at {0}": "matrice de Gram du tableau à {0}",
    "Gram matrix of the result at {0}": "matrice de Gram du résultat à {0}",
    "content": "contenu",
    "style": "style",
    "total": "total",
    "smooth": "lissage",
    (
        "Now both wishes become one number. The smaller it is, the better the picture is at once the "
        "photograph and the painting:"
    ): (
        "Les deux souhaits deviennent maintenant un seul nombre. Plus il est petit, mieux l’image est à "
        "la fois la photo et le tableau :"
    ),
    (
        "The weights {0} and {1} say how much each counts; the layers of the style share its weight, "
        "those of the content have each its own. These are the parts for your picture, each with its "
        "weight in it:"
    ): (
        "Les poids {0} et {1} disent combien chacun compte ; les couches du style se partagent son "
        "poids, celles du contenu ont chacune le leur. Voici les parts pour votre image, chacune avec "
        "son poids :"
    ),
    (
        "The network stays as it is. What changes is the <em>picture</em>. Running the network backwards "
        "says, for each pixel, which way and how much to change it so that the loss falls: the gradient. "
        "Then take a small step that way, and look again. {0}"
    ): (
        "Le réseau reste tel qu’il est. Ce qui change, c’est l’<em>image</em>. Parcouru à rebours, le "
        "réseau dit, pour chaque pixel, dans quel sens et de combien le changer pour que la perte "
        "diminue : le gradient. On fait alors un petit pas dans cette direction, et l’on regarde de "
        "nouveau. {0}"
    ),
    (
        "The optimiser {0} also remembers how the slope changed in its last steps ({1}), and so takes "
        "better ones:"
    ): (
        "L’optimiseur {0} retient aussi comment la pente a changé lors de ses derniers pas ({1}), et en "
        "fait donc de meilleurs :"
    ),
    (
        "The optimiser {0} also remembers how large each pixel's slope usually is ({1}), and takes steps "
        "of about the same length everywhere:"
    ): (
        "L’optimiseur {0} retient aussi l’ampleur habituelle de la pente de chaque pixel ({1}), et fait "
        "partout des pas à peu près aussi longs :"
    ),
    "The optimiser {0} does just that, with some of the step before ({1}):": (
        "L’optimiseur {0} fait exactement cela, avec un peu du pas précédent ({1}) :"
    ),
    "It began with the picture that the fast network paints in one pass.": (
        "Elle est partie de l’image que le réseau rapide peint en un seul passage."
    ),
    "It began with the photograph itself.": "Elle est partie de la photo elle-même.",
    "It began with white noise.": "Elle est partie d’un bruit blanc.",
    "It began with noise in the painting's colours.": ("Elle est partie d’un bruit aux couleurs du tableau."),
    "It was painted at one size.": "Elle a été peinte en une seule taille.",
    "The losses before each step, each with its weight, on a logarithmic scale.": (
        "Les pertes avant chaque pas, chacune avec son poids, sur une échelle logarithmique."
    ),
    "{0} steps, {1} seconds.": "{0} pas, {1} secondes.",
    (
        "The papers begin with white noise, at one size. It takes more steps, and shows well what "
        "happens: colours first, then outlines, then strokes ({0} steps, here at {1} × {2})."
    ): (
        "Les articles partent d’un bruit blanc, en une seule taille. Il faut plus de pas, et l’on voit "
        "bien ce qui se passe : d’abord les couleurs, puis les contours, puis les touches ({0} pas, ici "
        "en {1} × {2})."
    ),
    (
        "The two choices that matter most are which layers the style is taken from, and how much the "
        "content counts against the style. To the right the photograph counts more and more; downwards, "
        "deeper layers join in."
    ): (
        "Les deux choix qui comptent le plus : de quelles couches vient le style, et combien le contenu "
        "compte face au style. Vers la droite, la photo compte de plus en plus ; vers le bas, des "
        "couches plus profondes s’ajoutent."
    ),
    (
        "With the first layers only, the photograph is merely recoloured and grained. With all of them "
        "the painter's shapes appear. To the left, where the photograph counts least, they take over. "
        "There is no right answer, only the picture you want. After Gatys et al. 2015, figure 3."
    ): (
        "Avec les seules premières couches, la photo est simplement recolorée et granuleuse. Avec "
        "toutes, les formes du peintre apparaissent. À gauche, où la photo compte le moins, elles "
        "prennent le dessus. Il n’y a pas de bonne réponse, seulement l’image que vous voulez. D’après "
        "Gatys et al. 2015, figure 3."
    ),
    (
        "The small pictures in sections 3, 4, 6 and 7 are drafts, painted with fewer steps, so that this "
        "page is done in minutes."
    ): (
        "Les petites images des sections 3, 4, 6 et 7 sont des ébauches, peintes en moins de pas, pour "
        "que cette page soit prête en quelques minutes."
    ),
    "part": "part",
    "weight": "poids",
    "at first": "au début",
    "before the last step": "avant le dernier pas",
    "The optimiser is {0}.": "L’optimiseur est {0}.",
    "content loss": "perte de contenu",
    "style loss": "perte de style",
    "level": "niveau",
    "size": "taille",
    "iterations": "itérations",
    "seconds": "secondes",
    (
        "It was painted at {0} sizes, from small to large: large shapes form where they are cheap, and "
        "at full size only strokes are left to do."
    ): (
        "Elle a été peinte en {0} tailles, de la petite à la grande : les grandes formes naissent là où "
        "elles coûtent peu, et en pleine taille il ne reste que les touches."
    ),
    (
        "They jump where the picture grows (dotted): a larger picture shows detail that has not been "
        "painted yet."
    ): (
        "Elles sautent là où l’image grandit (pointillés) : une image plus grande montre des détails qui "
        "ne sont pas encore peints."
    ),
    "noise turning into the painting": "du bruit qui devient le tableau",
    "Count the style ten times as much: {0}. Then a tenth.": (
        "Faites compter le style dix fois plus : {0}. Puis un dixième."
    ),
    "Begin with noise, at one size: {0}.": "Partez d’un bruit, en une seule taille : {0}.",
    ("Does the network have to know anything? {0} paints the same with one that has learnt nothing."): (
        "Le réseau doit-il savoir quelque chose ? {0} peint la même image avec un réseau qui n’a rien appris."
    ),
    "Your picture, growing": "Votre image grandit",
    "The papers' way: from noise": "La voie des articles : à partir du bruit",
    "<b>step {0}</b>": "<b>pas {0}</b>",
    "<b>the beginning</b>": "<b>le début</b>",
    "Take the style from the first two layers only: {0}.": (
        "Prenez le style dans les deux premières couches seulement : {0}."
    ),
    "Things to try, and to ask yourself what will happen first:": (
        "À essayer, en vous demandant d’abord ce qui va se passer :"
    ),
    "The same picture again, on the same machine:": "La même image encore, sur la même machine :",
    "All {0} parameters": "Les {0} paramètres",
    "The network and the programs": "Le réseau et les programmes",
    "after iteration {0}": "après l’itération {0}",
    "from noise, iteration {0}": "à partir du bruit, itération {0}",
    "From noise to painting.": "Du bruit au tableau.",
    "Total": "Total",
    "Content, by layer": "Contenu, par couche",
    "Style, by layer": "Style, par couche",
    "iteration": "itération",
    "Curves of the losses falling, by layer": "Courbes des pertes qui baissent, par couche",
    "what": "quoi",
    "value": "valeur",
    "parameter": "paramètre",
    "changed from": "changé",
    "preset: {0}": "préréglage : {0}",
    "none": "aucun",
    "what the network is given": "ce que reçoit le réseau",
    "one layer from the one before": "une couche à partir de la précédente",
    "content loss, Gatys et al. 2016, equation 1": "perte de contenu, Gatys et al. 2016, équation 1",
    "relative content loss": "perte de contenu relative",
    "the Gram matrix": "la matrice de Gram",
    "style loss, Gatys et al. 2016, equations 4 and 5": (
        "perte de style, Gatys et al. 2016, équations 4 et 5"
    ),
    "relative Gram loss": "perte de Gram relative",
    "Wasserstein style loss": "perte de style de Wasserstein",
    "the total loss": "la perte totale",
    "one step of the optimiser": "un pas de l’optimiseur",
}
