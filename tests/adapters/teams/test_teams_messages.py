"""The words of a message: no markup, no names of those mentioned, and nothing that can hold us up."""

import time

import pytest

from psirf_bot.adapters.teams import messages


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ""),
        ("<p>The pump alarm was off.</p>", "The pump alarm was off."),
        ("<p>One</p><p>Two<br>Three<br/>Four</p>\n<div>Five</div>", "One\nTwo\nThree\nFour\nFive"),
        ("<p>One\nline,&nbsp; no   more</p>", "One line, no more"),
        ("<p>5 &lt; 6 &amp; &quot;seven&quot; &#8211; &amp;lt;b&amp;gt;</p>", '5 < 6 & "seven" \u2013 &lt;b&gt;'),
        ("<ul><li>a</li><li>b</li></ul><table><tr><td>c</td><td>d</td></tr></table>", "a\nb\nc d"),
        ('<p>See <a href="https://example.org/?a=1&amp;b=2">the chart</a></p>', "See the chart"),
        ('<p>Look<img alt="a > b" src="x"><attachment id="1"></attachment></p><emoji alt="😢"></emoji>', "Look\n😢"),
        ("<p><at><at>Leah</at> Rosenfeld</at> was there</p>", "a colleague was there"),
        ("<p><at id='0'/> saw it</p><p>So did <at>Jo</p><p>Later</p>", "a colleague saw it\nSo did a colleague\nLater"),
        ("<script>alert(1)</script><style>p {}</style><!-- note --><p>Hello</p>", "Hello"),
        ('<at id="0">Ben Ashworth</at> found it', "a colleague found it"),
        ('<p><at id="0">Ben</at>&nbsp;<at id="1">Ashworth</at> told <at id="2">Ada</at>.</p>',
         "a colleague told a colleague."),
        ('<span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">Ben</span>: yes', "a colleague: yes"),
        (
            '<readonly itemtype="http://schema.skype.com/Mention"><span itemtype="http://schema.skype.com/Mention">'
            "Ben</span></readonly> said so",
            "a colleague said so",
        ),
        (
            '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="1"><strong itemprop="mri" '
            'itemid="8:orgid:x">Ben Ashworth</strong><span itemprop="time"></span><p itemprop="preview">It was off.'
            "</p></blockquote><p>Since when?</p>",
            "a colleague\nIt was off.\nSince when?",
        ),
        ("It was < 5 or > 6, a<b, “<”", "It was < 5 or > 6, a<b, “<”"),
        ("a\x00b\x1f&#0;&#1;&#xD800;c", "a b \ufffd\ufffdc"),
    ],
)  # fmt: skip
def test_html(content: str, words: str) -> None:
    assert messages.words(content, is_html=True) == words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("One\n\nTwo <b>&amp;</b>", "One\nTwo <b>&amp;</b>"),
        ("<at>Ben Ashworth</at> found it", "a colleague found it"),
    ],
)
def test_plain_text(content: str, words: str) -> None:
    assert messages.words(content, is_html=False) == words


def test_a_long_message_is_cut_and_says_so() -> None:
    cut = messages.words("word " * 10_000, is_html=True)
    assert len(cut) <= messages.MOST
    assert cut.endswith("word…")


HOSTILE = ("<div>", "</div>", " <a ", "<a b='", '<a b="', "<!--", "<!", "<at>", "<at>x</at> ", "<", "&#x", "&amp", "\n")


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("is_html", [True, False])
def test_no_message_holds_us_up(piece: str, is_html: bool) -> None:
    content = (piece * 250_000)[:250_000]
    began = time.process_time()
    assert len(messages.words(content, is_html=is_html)) <= messages.MOST
    assert time.process_time() - began < 1
