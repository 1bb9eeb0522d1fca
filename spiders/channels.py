"""Channels that users write, by words of their names (design, Bound 7)."""

USERS_CHANNELS = tuple(
    "问政 問政 爆料 社区 社區 论坛 論壇 圈子 随手拍 隨手拍 留言 网友 網友 贴吧 貼吧 跟帖 呼声 呼聲 "
    "投诉 投訴 曝光 民声 民聲 互动 互動 信访 信訪".split()
)
