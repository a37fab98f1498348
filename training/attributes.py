"""Words of which one can be put for another in a question, and then it asks for something else.

In each line any word may stand for any other: opposites, roles, actions. The forms of a line agree in number, gender
and case, so that the question stays correct; verbs stand in the forms in which questions have them.
"""

from __future__ import annotations

UNSPACED = frozenset({"zh", "th"})

_LINES = {
    "en": """
        first, last, second, third
        largest, smallest
        biggest, smallest
        highest, lowest
        longest, shortest
        oldest, youngest, newest
        earliest, latest
        most, least
        more, less
        maximum, minimum, average
        best, worst
        before, after
        north, south, east, west
        northern, southern, eastern, western
        born, buried, educated, married
        founded, closed, sold, renamed
        started, ended
        begin, end
        opened, closed
        won, lost
        bought, sold
        buy, sell, rent
        spend, earn, borrow, donate
        spent, earned, borrowed, donated
        increase, decrease
        increased, decreased
        import, export
        imports, exports
        founder, chief executive, chairman, owner, author, director
        president, vice president, prime minister, foreign minister
        king, queen
        father, mother, brother, sister, wife
        capital, largest city, currency, official language
        population, area, elevation
        height, width, weight, length, age
        price, weight, colour
        cost, weigh
        arrive, depart
        arrived, departed
        win, lose
        liked, disliked, returned
        advantage, disadvantage
        advantages, disadvantages
        cause, treatment
        causes, prevents
        invented, patented, banned
        wrote, translated, illustrated
        directed, produced
        built, destroyed, restored
        created, destroyed, abolished
    """,
    "ru": """
        первым, последним, вторым, третьим
        первой, последней, второй, третьей
        первый, последний, второй, третий
        первая, последняя, вторая, третья
        первого, последнего, второго, третьего
        самый большой, самый маленький, самый старый
        самая большая, самая маленькая, самая старая
        самым большим, самым маленьким
        крупнейший, старейший, беднейший
        крупнейшим, старейшим, беднейшим
        крупнейшая, старейшая, беднейшая
        больше, меньше
        более, менее
        максимальная, минимальная, средняя
        максимальный, минимальный, средний
        до, после
        север, юг, восток, запад
        севере, юге, востоке, западе
        северной, южной, восточной, западной
        родился, похоронен, учился, женился
        родилась, похоронена, училась
        основан, закрыт, продан, переименован
        основана, закрыта, продана, переименована
        основано, закрыто, продано, переименовано
        началась, закончилась
        начался, закончился
        началось, закончилось
        выиграл, проиграл
        выиграла, проиграла
        купил, продал, арендовал
        купила, продала, арендовала
        купить, продать, арендовать
        потратил, заработал, занял, пожертвовал
        потратила, заработала, заняла, пожертвовала
        потратит, заработает, займёт, пожертвует
        потратить, заработать, занять
        увеличилось, уменьшилось
        увеличился, уменьшился
        увеличилась, уменьшилась
        основатель, генеральный директор, владелец, автор
        президент, премьер-министр, министр
        президентом, премьер-министром, министром
        король, отец, брат, сын
        столица, валюта
        население, площадь, высота
        население, бюджет
        высота, ширина, масса, длина
        цена, масса
        причина, последствие
        причиной, последствием
        изобрёл, запатентовал, запретил
        изобрел, запатентовал, запретил
        написал, перевёл, проиллюстрировал
        построен, разрушен, восстановлен
        построена, разрушена, восстановлена
        построили, разрушили, восстановили
        создан, уничтожен, упразднён
        создана, уничтожена, упразднена
    """,
    "no": """
        første, siste, andre, tredje
        største, minste
        høyeste, laveste
        lengste, korteste
        eldste, yngste, nyeste
        flest, færrest
        mest, minst
        mer, mindre
        maksimale, minimale, gjennomsnittlige
        beste, verste
        før, etter
        nord, sør, øst, vest
        født, gravlagt, utdannet, gift
        grunnlagt, nedlagt, solgt, omdøpt
        startet, sluttet
        begynte, sluttet
        åpnet, stengt
        vant, tapte
        vinne, tape
        kjøpte, solgte, leide
        kjøpe, selge, leie
        bruke, tjene, låne
        brukte, tjente, lånte
        økte, sank
        grunnlegger, daglig leder, styreleder, eier, forfatter
        grunnla, kjøpte, ledet
        president, statsminister, utenriksminister
        kongen, dronningen
        faren, moren, broren, søsteren
        far, mor, bror, søster
        hovedstaden, valutaen
        høyden, bredden, vekten, lengden
        prisen, vekten
        årsaken, følgen
        oppfant, forbød
        skrev, oversatte, illustrerte
        bygget, ødelagt, restaurert
        opprettet, nedlagt
        trener, kaptein, president
        treneren, kapteinen, presidenten
    """,
    "zh": """
        最大, 最小
        最高, 最低
        最长, 最短
        最早, 最晚
        最多, 最少
        第一, 最后, 第二, 第三
        之前, 之后
        北部, 南部, 东部, 西部
        出生, 去世, 结婚
        成立, 关闭, 出售
        开始, 结束
        赢得, 输掉
        购买, 出售
        增加, 减少
        创始人, 首席执行官, 所有者, 作者
        总统, 总理, 外交部长
        父亲, 母亲, 兄弟
        人口, 面积
        高度, 宽度, 重量
        原因, 后果
        发明, 禁止
        建造, 拆除, 修复
    """,
}

Groups = tuple[tuple[str, ...], ...]


def _groups(lines: str) -> Groups:
    return tuple(tuple(word.strip() for word in line.split(",")) for line in lines.strip().splitlines())


ATTRIBUTES: dict[str, Groups] = {language: _groups(lines) for language, lines in _LINES.items()}
