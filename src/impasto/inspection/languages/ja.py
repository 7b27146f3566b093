"""The texts of the explanation page in Japanese, by the English ones."""

from __future__ import annotations

TEXTS = {
    (
        "Made by <code>impasto explain</code>. Everything on this page was computed on one machine from "
        "the two pictures at the top; nothing was sent anywhere, and the page loads nothing."
    ): (
        "<code>impasto explain</code> で作成しました。このページの内容は"
        "すべて、冒頭の 2 枚の画像から 1 台のコンピューターで計算したものです。どこにも送信され"
        "ておらず、このページは何も読み込みません。"
    ),
    (
        "A network that learnt to recognise things looks at your photograph and at the painting. A "
        "picture is then changed, step by step, until the network finds in it the <em>content</em> of "
        "the one and the <em>style</em> of the other. This page shows each part of that, on your two "
        "pictures."
    ): (
        "物を見分けることを学んだネットワークが、あなたの写真と絵画を見ます。それから 1 枚の画像を"
        "少しずつ変え、ネットワークがその中に一方の<em>内容</em>ともう一方の<em>スタイル"
        "</em>を見いだすまで続けます。このページでは、そのすべての段階をあなたの 2 枚の画像で"
        "お見せします。"
    ),
    "a texture in the style of {0}": "{0} のスタイルのテクスチャ",
    "<b>Style</b>: {0}. A style file holds no picture; this texture was made from it.": (
        "<b>スタイル</b>：{0}。スタイルファイルに画像は含まれません。このテクスチャはファイ"
        "ルから作ったものです。"
    ),
    "Pictures become numbers": "画像が数になる",
    "What the network sees": "ネットワークに見えるもの",
    "Content: what is where": "内容：何がどこにあるか",
    "Style: what goes with what": "スタイル：何が何と一緒にあるか",
    "Two wishes, one number": "2 つの願いを 1 つの数に",
    "Downhill, step by step": "一歩ずつ坂を下る",
    "What if?": "もしも？",
    "Every parameter": "すべてのパラメーター",
    "Where this comes from": "出典",
    "{0} after {1}: how it was painted": "{1} 風の {0}：どのように描かれたか",
    "How a computer paints": "コンピューターが絵を描くしくみ",
    "{0}, after {1}": "{1} 風の {0}",
    "A picture": "画像",
    "<b>The result</b>, painted in {0} seconds": "<b>結果</b>、{0} 秒で描画",
    "<b>Content</b>: {0}": "<b>内容</b>：{0}",
    "On this page": "このページの内容",
    "<b>Style</b>: {0}": "<b>スタイル</b>：{0}",
    "the result": "結果",
    "the photograph": "写真",
    "the painting": "絵画",
    "red": "赤",
    "green": "緑",
    "blue": "青",
    (
        "To a computer a picture is a table of numbers: your photograph has {0} × {1} pixels with three "
        "numbers each, how much red, green and blue, from 0 to 1. It is made smaller first (here to {2} "
        "× {3} for painting, and {4} × {5} for the looks inside), since every step costs time for every "
        "pixel."
    ): (
        "コンピューターにとって、画像は数の表です。あなたの写真は {0} × {1} ピクセルで、そ"
        "れぞれに赤・緑・青の量を 0 から 1 で表す 3 つの数があります。計算は 1 歩ごとに全"
        "ピクセル分の時間がかかるので、まず縮小します（ここでは描画用に {2} × {3}、内部を見"
        "るために {4} × {5}）。"
    ),
    (
        "A network wants its numbers centred around zero, the way it had them when it learnt. So each "
        "value {0} is scaled, and the average it was trained around is taken off:"
    ): (
        "ネットワークは、学習したときと同じように、ゼロを中心とする数を必要とします。そこで各値 {0"
        "} の尺度を変え、学習時の平均を引きます。"
    ),
    (
        "The colour {0} is what becomes exactly zero, and looks like nothing to the network. This, and "
        "the order {1}, must match how the network was trained; nothing else is done to the picture."
    ): (
        "色 {0} はちょうどゼロになり、ネットワークには何もないように見えます。この値と {1} "
        "という順序は、ネットワークの学習時と一致していなければなりません。画像にはほかに何もしません"
        "。"
    ),
    (
        "The network, {0}, {1}. It is a stack of layers. Each slides many small filters over what came "
        "before; a filter answers strongly where it finds what it looks for. With filters {2} and a "
        "rectifier {3} that {4}:"
    ): (
        "ネットワーク {0} は{1}。層を積み重ねたものです。各層は、前の層の上に小さなフィルター"
        "をいくつも滑らせます。フィルターは、探すものが見つかった場所で強く反応します。フィルターを "
        "{2}、{4}整流器を {3} とすると："
    ),
    (
        "One filter's answers, place by place, are a <em>feature map</em>. Every few layers the maps are "
        "halved in size, so that each place of the next one stands for a larger piece of the photograph. "
        "That is all there is to it: deep layers know about large things because they see large pieces."
    ): (
        "1 つのフィルターの反応を場所ごとに並べたものが<em>特徴マップ</em>です。数層ごとに"
        "マップの大きさは半分になり、次の層の 1 か所は写真のより大きな部分を表します。それだけのこ"
        "とです。深い層が大きなものを知っているのは、大きな部分を見ているからです。"
    ),
    (
        "Left: how much of the photograph a single place of that layer sees. Then the mean of all maps, "
        "laid over the photograph, and the four maps whose answers differ most from place to place."
    ): (
        "左：その層の 1 か所に見える写真の範囲。次に、全マップの平均を写真に重ねたもの、そして場所"
        "による反応の差が最も大きい 4 つのマップです。"
    ),
    (
        "Read it from top to bottom. The first layer answers to colours and edges, pixel by pixel. In "
        "the middle there are textures and corners. At {0} a place sees {1}, and answers to parts of "
        "things: it has given up knowing exactly where."
    ): (
        "上から順に見てください。最初の層はピクセル単位で色と輪郭に反応します。中ほどにはテクスチャや"
        "角があります。{0} では、1 か所に {1} が見え、物の部分に反応します。正確な位置はも"
        "う分かりません。"
    ),
    (
        "The first layer can be looked at directly: its {0} filters are 3 × 3 pixels each. Some like one "
        "colour, some like an edge in one direction. All that follows is built from these."
    ): (
        "最初の層は直接見ることができます。{0} 個のフィルターはそれぞれ 3 × 3 ピクセルです"
        "。ある色を好むものもあれば、ある向きの輪郭を好むものもあります。後に続くものはすべてこれらか"
        "ら作られます。"
    ),
    "was trained to recognise things in photographs": "写真に写った物を見分けるように学習しました",
    "turns down what is below zero (a share of {0} is let through)": (
        "ゼロより小さい値を抑える（{0} の割合だけ通す）"
    ),
    (
        "“Silent” are answers of zero or less. At {0} nearly all are, and still the maps say something: "
        "the share that is let through differs from place to place."
    ): (
        "「無反応」とは、ゼロ以下の反応のことです。{0} ではほとんどがそうですが、それでもマップは"
        "何かを語ります。通す量が場所によって違うからです。"
    ),
    "{0} maps of {1} × {2}, {3} silent": "{1} × {2} のマップ {0} 枚、{3} が無反応",
    (
        "Which of these answers say <em>what is in the picture</em>? Here is an experiment: begin with "
        "white noise and change it until <em>one</em> layer answers to it as it did to your photograph. "
        "Whatever that layer knows must come back; what it does not know stays noise."
    ): (
        "これらの反応のうち、<em>画像に何が写っているか</em>を語るのはどれでしょうか。実験を"
        "してみます。ホワイトノイズから始め、<em>ある 1 つの層</em>があなたの写真と同じよ"
        "うに反応するまで変えていきます。その層が知っていることは必ず戻り、知らないことはノイズのまま"
        "です。"
    ),
    (
        "The first layers give the photograph back almost pixel by pixel. Deeper ones keep what is "
        "where, the outlines and the things, and let go of exact colours and textures. That freedom is "
        "what a painter needs: so <em>content</em> is taken from deep layers, here {0}. With {1} the "
        "answers to the painting in progress and {2} those to the photograph, Gatys, Ecker and Bethge "
        "write:"
    ): (
        "最初のほうの層は、写真をほぼピクセルどおりに再現します。深い層は、何がどこにあるか、輪郭や物"
        "を保ち、正確な色とテクスチャを手放します。画家に必要なのはその自由です。そこで<em>内容<"
        "/em>は深い層、ここでは {0} から取ります。描画中の画像への反応を {1}、写真への反"
        "応を {2} とすると、Gatys、Ecker、Bethge は次のように書いています。"
    ),
    (
        "Impasto divides by the size of the photograph's own answers, so that 0 is “the same” and 1 is "
        "“nothing of it”, whatever the layer or the network:"
    ): (
        "Impasto は写真そのものへの反応の大きさで割ります。そのため、層やネットワークによらず"
        "、0 は「同じ」、1 は「まったく似ていない」ことを表します。"
    ),
    "This painting used the variant {0}.": "この絵では {0} という変種を使いました。",
    (
        "And how is <em>style</em> to be said in numbers? Not by what is where. A style is what goes "
        "with what: this blue with that kind of swirl, this line with that edge, <em>anywhere</em>. So "
        "multiply the maps of a layer with each other, pair by pair, and average over all {0} places. "
        "The result is the <em>Gram matrix</em>:"
    ): (
        "では、<em>スタイル</em>を数で表すにはどうすればよいでしょうか。何がどこにあるかでは"
        "ありません。スタイルとは、何が何と一緒にあるかです。この青とあの渦、この線とあの輪郭が、<e"
        "m>場所を問わず</em>一緒に現れることです。そこで、ある層のマップを 2 枚ずつ掛け合わ"
        "せ、全部で {0} か所の平均を取ります。その結果が<em>グラム行列</em>です。"
    ),
    "Place {0} is summed away. To see that this is really so, we shuffled all places of {1}:": (
        "場所 {0} は和の中に消えます。本当にそうなることを確かめるため、{1} のすべての場所をかき混ぜました。"
    ),
    (
        "The content loss says the two have little in common ({0}; unrelated maps have 1 or more). The "
        "Gram matrix changed by {1} of its size: to style, they are the same picture."
    ): (
        "内容損失によれば、2 つに共通点はほとんどありません（{0}。無関係なマップでは 1 以上）"
        "。グラム行列の変化は大きさの {1} でした。スタイルから見れば同じ画像なのです。"
    ),
    (
        "Each square is one pair of maps; the square root of the value is shown, so that small ones can "
        "be seen. Distances are between 0, the same, and 1."
    ): (
        "1 つのマスは 2 枚のマップの組です。小さな値も見えるように、値の平方根を示しています。距"
        "離は 0（同じ）から 1 の間です。"
    ),
    (
        "The same experiment as before: begin with noise, and ask for the painting's means and Gram "
        "matrices at the first layer only, then at the first two, and so on. How far they are is "
        "measured by the Wasserstein distance: it is 0 where both agree, and gets near in fewer steps "
        "than the paper's."
    ): (
        "先ほどと同じ実験です。ノイズから始め、絵画の平均とグラム行列を、最初の層だけ、次に最初の 2"
        " 層、というように求めていきます。隔たりはワッサースタイン距離で測ります。両者が一致すれば "
        "0 になり、論文の距離より少ない歩数で近づきます。"
    ),
    (
        "One layer gives specks in the right colours. With each layer the pattern grows in scale: "
        "strokes, then swirls, then pieces that look like the painting torn up and rearranged. Nothing "
        "is where it was, and still you would know whose it is."
    ): (
        "1 つの層では、正しい色の斑点になります。層が増えるごとに模様は大きくなり、筆致、渦、そして"
        "絵をちぎって並べ直したような断片が現れます。何ひとつ元の場所にはないのに、誰の絵かは分かりま"
        "す。"
    ),
    (
        "With {0} the painting's Gram matrices and {1} those of the picture in progress, the paper's "
        "style loss is a weighted sum over layers:"
    ): (
        "絵画のグラム行列を {0}、描画中の画像のグラム行列を {1} とすると、論文のスタイル損失"
        "は層についての重み付きの和です。"
    ),
    "weakest": "最も弱い",
    "strongest": "最も強い",
    "below 0": "0 より小さい",
    "above 0": "0 より大きい",
    "{0} × {1} pixels": "{0} × {1} ピクセル",
    "layer": "層",
    "size of a map": "マップの大きさ",
    "maps": "マップ数",
    "pixels apart": "ピクセル間隔",
    "sees, in pixels": "見える範囲（ピクセル）",
    "mean": "平均",
    "silent": "無反応",
    "has learnt nothing: its filters are random numbers": "何も学習していません。フィルターは乱数です",
    (
        "a VGG-19 in miniature, was trained to answer to photographs as a VGG-19 does, which was trained "
        "to recognise things in them"
    ): (
        "VGG-19 の小型版で、写真に VGG-19 と同じように反応するよう学習しました。VGG"
        "-19 は写真に写った物を見分けるように学習したものです"
    ),
    "silences what is below zero": "ゼロより小さい値を消す",
    "all of it": "全体",
    (
        "This painting used a finer distance. Mean and Gram matrix describe a layer's answers as a cloud "
        "of points; with means {0}, {1} and covariances {2}, {3} of the two clouds, the "
        "<em>Wasserstein</em> distance says how far one must be moved to become the other. It is divided "
        "by the size of the painting's own:"
    ): (
        "この絵ではより精密な距離を使いました。平均とグラム行列は、層の反応を点の雲として表します。2"
        " つの雲の平均を {0}、{1}、共分散を {2}、{3} とすると、<em>ワッサースタイ"
        "ン</em>距離は、一方をどれだけ動かせばもう一方になるかを表します。これを絵画の雲の大きさ"
        "で割ります。"
    ),
    "nothing at all": "ゼロ",
    "the photograph, made smaller": "縮小した写真",
    "the whole picture": "画像全体",
    "The layers, and what they answer to your photograph": "各層と、あなたの写真への反応",
    "filter {0}": "フィルター {0}",
    "The first filters, as they are": "最初のフィルターそのもの",
    "<b>sees</b> {0}": "<b>見える範囲</b> {0}",
    "<b>mean</b> of all maps": "全マップの<b>平均</b>",
    "map {0}": "マップ {0}",
    "<b>your photograph</b>": "<b>あなたの写真</b>",
    "<b>{0}</b> loss {1}": "<b>{0}</b> 損失 {1}",
    "<b>{0}</b> in order": "<b>{0}</b> 元の順序",
    "<b>shuffled</b>": "<b>かき混ぜた後</b>",
    "Gram matrices of your pictures": "あなたの画像のグラム行列",
    "The painting's style, and nothing else": "絵画のスタイルだけを取り出す",
    "This painting divided it by the size of the painting's own:": (
        "この絵では、絵画の行列の大きさで割りました。"
    ),
    "The layers here: {0}.": "ここで使った層：{0}。",
    "<b>photograph</b>, {0} from the painting's": "<b>写真</b>、絵画との距離 {0}",
    "<b>painting</b> at {0}": "<b>絵画</b>、{0}",
    "<b>result</b>, {0} from the painting's": "<b>結果</b>、絵画との距離 {0}",
    "the values of {0}": "{0}の値",
    "everything": "全体",
    "what one place of {0} sees": "{0} の 1 か所に見える範囲",
    "mean of {0}": "{0} の平均",
    "map {0} of {1}": "{1} のマップ {0}",
    "reconstruction from {0}": "{0} からの再構成",
    "<b>the painting</b>": "<b>絵画</b>",
    "texture from {0}": "{0} からのテクスチャ",
    "before": "かき混ぜる前",
    "after": "かき混ぜた後",
    "Gram matrix of the photograph at {0}": "写真のグラム行列、{0}",
    "Gram matrix of the painting at {0}": "絵画のグラム行列、{0}",
    "Gram matrix of the result at {0}": "結果のグラム行列、{0}",
    "content": "内容",
    "style": "スタイル",
    "total": "合計",
    "smooth": "滑らかさ",
    (
        "Now both wishes become one number. The smaller it is, the better the picture is at once the "
        "photograph and the painting:"
    ): (
        "ここで 2 つの願いは 1 つの数になります。それが小さいほど、画像は写真であると同時に絵画でもあります。"
    ),
    (
        "The weights {0} and {1} say how much each counts; the layers of the style share its weight, "
        "those of the content have each its own. These are the parts for your picture, each with its "
        "weight in it:"
    ): (
        "重み {0} と {1} は、それぞれをどれだけ重視するかを表します。スタイルの層はその重み"
        "を分け合い、内容の層はそれぞれ自分の重みを持ちます。次の表は、あなたの画像についての各部分で"
        "、重みを含んでいます。"
    ),
    (
        "The network stays as it is. What changes is the <em>picture</em>. Running the network backwards "
        "says, for each pixel, which way and how much to change it so that the loss falls: the gradient. "
        "Then take a small step that way, and look again. {0}"
    ): (
        "ネットワークはそのままです。変わるのは<em>画像</em>です。ネットワークを逆向きにたど"
        "ると、損失を減らすために各ピクセルをどちらへどれだけ変えればよいかが分かります。これが勾配で"
        "す。その方向へ少し進み、また見直します。{0}"
    ),
    (
        "The optimiser {0} also remembers how the slope changed in its last steps ({1}), and so takes "
        "better ones:"
    ): (
        "最適化手法 {0} は、直前の数歩で傾きがどう変わったかも覚えていて（{1}）、よりよい一歩を踏み出します。"
    ),
    (
        "The optimiser {0} also remembers how large each pixel's slope usually is ({1}), and takes steps "
        "of about the same length everywhere:"
    ): (
        "最適化手法 {0} は、各ピクセルの傾きのふだんの大きさも覚えていて（{1}）、どこでもほぼ"
        "同じ長さの歩を進めます。"
    ),
    "The optimiser {0} does just that, with some of the step before ({1}):": (
        "最適化手法 {0} はまさにそのとおりに進み、前の一歩をいくらか加えます（{1}）。"
    ),
    "It began with the picture that the fast network paints in one pass.": (
        "高速ネットワークが 1 回で描いた画像から始めました。"
    ),
    "It began with the photograph itself.": "写真そのものから始めました。",
    "It began with white noise.": "ホワイトノイズから始めました。",
    "It began with noise in the painting's colours.": "絵画の色をしたノイズから始めました。",
    "It was painted at one size.": "1 つの大きさで描きました。",
    "The losses before each step, each with its weight, on a logarithmic scale.": (
        "各歩の前の損失を、重みを含めて対数目盛で示しています。"
    ),
    "{0} steps, {1} seconds.": "{0} 歩、{1} 秒。",
    (
        "The papers begin with white noise, at one size. It takes more steps, and shows well what "
        "happens: colours first, then outlines, then strokes ({0} steps, here at {1} × {2})."
    ): (
        "論文ではホワイトノイズから、1 つの大きさで始めます。歩数は増えますが、何が起こるかがよく分"
        "かります。まず色、次に輪郭、そして筆致です（{0} 歩、ここでは {1} × {2}）。"
    ),
    (
        "The two choices that matter most are which layers the style is taken from, and how much the "
        "content counts against the style. To the right the photograph counts more and more; downwards, "
        "deeper layers join in."
    ): (
        "最も重要な選択は 2 つあります。スタイルをどの層から取るか、そしてスタイルに対して内容をど"
        "れだけ重視するかです。右へ行くほど写真を重視し、下へ行くほど深い層が加わります。"
    ),
    (
        "With the first layers only, the photograph is merely recoloured and grained. With all of them "
        "the painter's shapes appear. To the left, where the photograph counts least, they take over. "
        "There is no right answer, only the picture you want. After Gatys et al. 2015, figure 3."
    ): (
        "最初の層だけでは、写真の色と粒状感が変わるだけです。すべての層を使うと、画家の形が現れます。"
        "写真の重みが最も小さい左側では、それが画面を支配します。正解はなく、あるのはあなたが望む絵だ"
        "けです。Gatys ほか 2015、図 3 にならいました。"
    ),
    (
        "The small pictures in sections 3, 4, 6 and 7 are drafts, painted with fewer steps, so that this "
        "page is done in minutes."
    ): (
        "3、4、6、7 の各節にある小さな画像は、このページが数分でできるように、少ない歩数で描いた下書きです。"
    ),
    "part": "部分",
    "weight": "重み",
    "at first": "最初",
    "before the last step": "最後の 1 歩の前",
    "The optimiser is {0}.": "最適化手法は {0} です。",
    "content loss": "内容損失",
    "style loss": "スタイル損失",
    "level": "段階",
    "size": "大きさ",
    "iterations": "反復回数",
    "seconds": "秒",
    (
        "It was painted at {0} sizes, from small to large: large shapes form where they are cheap, and "
        "at full size only strokes are left to do."
    ): (
        "小さいものから大きいものへ、{0} 通りの大きさで描きました。大きな形は計算の軽いうちに生ま"
        "れ、最終の大きさでは筆致だけが残ります。"
    ),
    (
        "They jump where the picture grows (dotted): a larger picture shows detail that has not been "
        "painted yet."
    ): (
        "画像が大きくなるところ（点線）で値が跳ね上がります。大きな画像には、まだ描かれていない細部が"
        "現れるからです。"
    ),
    "noise turning into the painting": "ノイズが絵画になるまで",
    "Count the style ten times as much: {0}. Then a tenth.": (
        "スタイルを 10 倍重視する：{0}。次に 10 分の 1。"
    ),
    "Begin with noise, at one size: {0}.": "ノイズから、1 つの大きさで始める：{0}。",
    ("Does the network have to know anything? {0} paints the same with one that has learnt nothing."): (
        "ネットワークは何かを知っている必要があるのでしょうか。{0} は、何も学習していないネットワ"
        "ークで同じものを描きます。"
    ),
    "Your picture, growing": "あなたの絵ができるまで",
    "The papers' way: from noise": "論文の方法：ノイズから",
    "<b>step {0}</b>": "<b>{0} 歩目</b>",
    "<b>the beginning</b>": "<b>はじめ</b>",
    "Take the style from the first two layers only: {0}.": "スタイルを最初の 2 層だけから取る：{0}。",
    "Things to try, and to ask yourself what will happen first:": (
        "試してみましょう。まず何が起こるかを考えてください。"
    ),
    "The same picture again, on the same machine:": "同じコンピューターで、同じ絵をもう一度描くには：",
    "All {0} parameters": "全 {0} 個のパラメーター",
    "The network and the programs": "ネットワークとプログラム",
    "after iteration {0}": "{0} 回反復した後",
    "from noise, iteration {0}": "ノイズから {0} 回反復した後",
    "From noise to painting.": "ノイズから絵画へ。",
    "Total": "合計",
    "Content, by layer": "内容（層別）",
    "Style, by layer": "スタイル（層別）",
    "iteration": "反復",
    "Curves of the losses falling, by layer": "層ごとに下がっていく損失の曲線",
    "what": "項目",
    "value": "値",
    "parameter": "パラメーター",
    "changed from": "変更",
    "preset: {0}": "プリセット：{0}",
    "none": "なし",
    "what the network is given": "ネットワークへの入力",
    "one layer from the one before": "前の層から作られる層",
    "content loss, Gatys et al. 2016, equation 1": "内容損失、Gatys ほか 2016、式 1",
    "relative content loss": "相対内容損失",
    "the Gram matrix": "グラム行列",
    "style loss, Gatys et al. 2016, equations 4 and 5": "スタイル損失、Gatys ほか 2016、式 4 と式 5",
    "relative Gram loss": "相対グラム損失",
    "Wasserstein style loss": "ワッサースタイン・スタイル損失",
    "the total loss": "損失の合計",
    "one step of the optimiser": "最適化の 1 歩",
}
